"""From a box in a picture to a detection in the world: how large it is, and where it stands on flat ground."""

from math import hypot

from indexer.grounding.merging import Box, Seen, area
from scenario.geometry import EgoPath, ground_point
from scenario.labels import TRAFFIC_LIGHTS
from scenario.records import Camera, Detection, SizeClass

# What hangs or is mounted on a post: its lower edge is no place on the ground.
HANGING = TRAFFIC_LIGHTS | {
    *("stop sign", "yield sign", "speed limit sign", "pedestrian crossing sign", "school zone sign"),
    *("road work sign", "temporary sign"),
}
FARTHEST_M = 80.0  # there half a degree of the vehicle's pitch nearly doubles the range
CUT_PX = 2.0  # a box that ends this near to the lower border goes on below it


def placed(seen: Seen, name: str, camera: Camera, size_px: tuple[int, int], path: EgoPath) -> Detection:
    """The detection of `seen` in the camera called `name`, whose picture is `size_px` (width, height)."""
    detection = Detection(
        label=seen.label,
        camera=name,
        confidence=seen.confidence,
        box_xyxy_px=seen.box_xyxy_px,
        size_class=size_class(seen.box_xyxy_px, size_px),
    )
    foot = None if seen.label in HANGING else foot_on_ground(seen.box_xyxy_px, camera, size_px)
    if foot is None:
        return detection
    place = path.locate(*foot)
    where = {
        "range_m": round(hypot(*foot), 1),
        "ahead_m": round(place.ahead_m, 1),
        "lateral_m": round(place.lateral_m, 1),
        "path": path.kind,
    }
    return detection.model_copy(update=where)


def size_class(box: Box, size_px: tuple[int, int]) -> SizeClass:
    share = area(box) / (size_px[0] * size_px[1])
    if share > 0.10:
        return SizeClass.LARGE
    return SizeClass.MEDIUM if share > 0.01 else SizeClass.SMALL


def foot_on_ground(box: Box, camera: Camera, size_px: tuple[int, int]) -> tuple[float, float] | None:
    """(x, y) in the ego frame, metres, of the middle of the box's lower edge; None where that says nothing.

    A box cut by the lower border stands nearer than the ground that is seen there: its place is then the farthest it
    can be, which for something right before the vehicle is far better than none.
    """
    width_px, height_px = size_px
    stretch_x = (camera.width_px or width_px) / width_px  # a picture may be kept smaller than it was calibrated
    stretch_y = (camera.height_px or height_px) / height_px
    point = ground_point(((box[0] + box[2]) / 2 * stretch_x, box[3] * stretch_y), camera)
    return None if point is None or hypot(*point) > FARTHEST_M else point


def is_cut(box: Box, size_px: tuple[int, int]) -> bool:
    return box[3] >= size_px[1] - CUT_PX
