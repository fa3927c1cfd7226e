"""What a log's annotators drew: 3D boxes, and whether a frame's are all there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from scenario.records import Pose, Quaternion, Vector3


@dataclass(frozen=True, slots=True)
class AnnotatedBox:
    """One 3D box at one moment, in the global frame: x along its length, y along its width, z up."""

    category: str  # as the log calls it: "human.pedestrian.adult"
    instance: str  # the same thing at every moment
    translation_m: Vector3  # of its middle
    size_m: Vector3  # length, width, height
    rotation_wxyz: Quaternion
    attributes: tuple[str, ...] = ()
    visibility: tuple[float, float] | None = None  # the log's level: between these shares of it can be seen
    velocity_mps: Vector3 | None = None


@dataclass(frozen=True)
class FrameAnnotations:
    """The boxes of one frame. Where `complete` is false, a thing without a box may be there all the same.

    `camera_poses`: where the ego was when each camera took its picture, some hundredths of a second from the frame's
    own pose; a camera that is not named is at the frame's.
    """

    boxes: tuple[AnnotatedBox, ...] = ()
    complete: bool = False
    notes: tuple[str, ...] = ()  # why they are not complete
    camera_poses: Mapping[str, Pose] = field(default_factory=dict)


class AnnotatedLog(Protocol):
    def annotations(self, token: str) -> FrameAnnotations: ...
