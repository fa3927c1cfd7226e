"""The log's own 3D boxes as detections: what the annotators drew, in each camera that can see it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from math import atan2, cos, degrees, hypot, nan, sin

import numpy as np

from indexer.grounding.categories import SEEN_THROUGH, label_of, state_of
from indexer.grounding.views import Solids, View, Viewpoint, views
from indexer.logs.annotations import AnnotatedBox, AnnotatedLog, FrameAnnotations
from scenario.geometry import EgoPath, ego_path_of, rotation, rotations, to_inner, turned
from scenario.ledger import digest
from scenario.records import Camera, Detection, Frame, Grounding, Pose, SizeClass

LARGE_SHARE, MEDIUM_SHARE = 0.10, 0.01  # of the picture


@dataclass(frozen=True)
class AnnotationGrounder:
    """Knows what a log's annotators knew, with certainty: every confidence is 1.

    Where the annotations of a frame are not known to be complete, what there is of them is told, but no camera counts
    as looked at: a thing without a box may be there all the same.
    """

    log: AnnotatedLog
    fingerprint: str = "annotations-1"

    def inputs(self, frame: Frame) -> tuple[str, ...]:
        """A digest of all that is read: boxes, calibration, the ego's pose and path. Never a picture."""
        given = self.log.annotations(frame.token)
        cameras = {name: camera.model_dump(mode="json", exclude={"image"}) for name, camera in frame.cameras.items()}
        poses = {name: pose.model_dump(mode="json") for name, pose in given.camera_poses.items() if name in cameras}
        path = [pose.model_dump(mode="json") for pose in (frame.ego_pose, *frame.ego_path) if pose]
        boxes = [astuple(box) for box in given.boxes]
        return (digest(boxes, given.complete, given.notes, cameras, poses, path),)

    def ground(self, frames: Sequence[Frame]) -> list[Grounding]:
        return [self._ground(frame, self.log.annotations(frame.token)) for frame in frames]

    def close(self) -> None:
        """Holds nothing but the log."""

    def _ground(self, frame: Frame, given: FrameAnnotations) -> Grounding:
        places = {name: at for name, camera in frame.cameras.items() if (at := _viewpoint(frame, name, camera, given))}
        blind = [name for name in frame.cameras if name not in places]
        notes = (f"not looked at for want of calibration or pose: {', '.join(blind)}",) if blind else ()
        found = sorted(
            _detections(frame, given.boxes, places),
            key=lambda seen: (seen.range_m or 0.0, seen.instance or "", seen.camera),
        )
        return Grounding(
            backend="annotations",
            fingerprint=self.fingerprint,
            cameras=tuple(places) if given.complete else (),
            detections=tuple(found),
            notes=(*given.notes, *notes),
        )


def _viewpoint(frame: Frame, name: str, camera: Camera, given: FrameAnnotations) -> Viewpoint | None:
    pose = given.camera_poses.get(name, frame.ego_pose)
    if not (pose and camera.mounting and camera.intrinsic and camera.width_px and camera.height_px):
        return None
    return Viewpoint(pose, camera.mounting, np.asarray(camera.intrinsic), camera.width_px, camera.height_px)


def _detections(frame: Frame, boxes: Sequence[AnnotatedBox], places: Mapping[str, Viewpoint]) -> Iterator[Detection]:
    """Every labelled box in every camera that sees it. Boxes without a label are no detections, but hide others."""
    if frame.ego_pose is None or not boxes:
        return
    solids = _solids(boxes)
    things = _things(boxes, solids, frame.ego_pose, ego_path_of(frame))
    seen = {name: views(solids, place) for name, place in places.items()}
    for name, found in seen.items():
        for number, view in found.items():
            best = max(other[number].visibility for other in seen.values() if number in other)
            visibility = _visibility(view.visibility, best, boxes[number].visibility)
            if number in things and visibility > 0:
                sight = {"camera": name, "visibility": _rounded(visibility), **_in_picture(view, places[name])}
                yield things[number].model_copy(update=sight)


def _visibility(ours: float, best: float, level: tuple[float, float] | None) -> float:
    """The share that other boxes leave to be seen, within the log's word: it knows of walls, and of the air in boxes.

    The log's word is about all cameras together, so only the one with the best sight is raised to it; and what boxes
    hide altogether stays hidden, as a person who is inside a truck.
    """
    if level is None or ours == 0:
        return ours
    return min(max(ours, level[0]), level[1]) if ours == best else min(ours, level[1])


def _solids(boxes: Sequence[AnnotatedBox]) -> Solids:
    return Solids(
        middle_m=np.array([box.translation_m for box in boxes]),
        size_m=np.array([box.size_m for box in boxes]),
        turn=rotations([box.rotation_wxyz for box in boxes]),
        hides=np.array([box.category not in SEEN_THROUGH for box in boxes]),
    )


def _things(boxes: Sequence[AnnotatedBox], solids: Solids, ego_pose: Pose, path: EgoPath) -> dict[int, Detection]:
    """The boxes that have a label, by position, with what can be said of each whatever the camera."""
    to_ego = rotation(ego_pose.rotation_wxyz)
    middles = to_inner(solids.middle_m, ego_pose)[:, :2].tolist()
    fronts = (solids.turn[:, :, 0] @ to_ego)[:, :2].tolist()
    unknown = (nan, nan, nan)
    velocities = (np.array([box.velocity_mps or unknown for box in boxes]) @ to_ego)[:, :2].tolist()
    things = {}
    for number, box in enumerate(boxes):
        speed_mps = hypot(*velocities[number]) if box.velocity_mps else None
        label = label_of(box, speed_mps)
        if label:
            things[number] = _thing(box, label, path, middles[number], fronts[number], velocities[number])
    return things


def _thing(
    box: AnnotatedBox,
    label: str,
    path: EgoPath,
    middle: Sequence[float],
    front: Sequence[float],
    velocity: Sequence[float],
) -> Detection:
    """What is said of a box: `middle` (metres), `front` (a direction), `velocity` (m/s) are x, y in the ego frame."""
    ahead_m, lateral_m, along_rad = path.locate(middle[0], middle[1])
    leftward_mps = velocity[1] * cos(along_rad) - velocity[0] * sin(along_rad)
    return Detection(
        label=label,
        camera="",
        confidence=1.0,
        range_m=_rounded(hypot(*middle)),
        ahead_m=_rounded(ahead_m),
        lateral_m=_rounded(lateral_m),
        path=path.kind,
        size_m=box.size_m,
        heading_deg=_rounded(degrees(turned(atan2(front[1], front[0]) - along_rad))),
        speed_mps=_rounded(hypot(*velocity)) if box.velocity_mps else None,
        lateral_speed_mps=_rounded(leftward_mps) if box.velocity_mps else None,
        state=state_of(box.attributes),
        instance=box.instance,
    )


def _rounded(value: float) -> float:
    """To thousandths: more is noise, which differs from machine to machine."""
    return round(value, 3) + 0.0  # no -0.0


def _in_picture(view: View, place: Viewpoint) -> dict[str, object]:
    left, top, right, bottom = view.box_xyxy_px
    share = (right - left) * (bottom - top) / (place.width_px * place.height_px)
    return {"box_xyxy_px": tuple(_rounded(side) for side in view.box_xyxy_px), "size_class": _size_class(share)}


def _size_class(share: float) -> SizeClass:
    if share > LARGE_SHARE:
        return SizeClass.LARGE
    return SizeClass.MEDIUM if share > MEDIUM_SHARE else SizeClass.SMALL
