"""Hand-made moments for the rules: a straight road, an ego with a speed, and things put where a test wants them."""

from typing import Any

from scenario.protocols import Deadline
from scenario.records import Detection, Facts, Frame, Grounding, Pose, ScoutReport
from verifier.scouts.rules import rules_scout

LEVEL = (1.0, 0.0, 0.0, 0.0)
STEP_S = 0.5


def thing(label: str, ahead_m: float, lateral_m: float, **more: Any) -> Detection:
    """A detection as the annotations give it: certain, seen whole, standing unless told otherwise."""
    given = {
        "camera": "CAM_FRONT",
        "confidence": 1.0,
        "range_m": abs(ahead_m),
        "path": "straight",
        "heading_deg": 0.0,
        "speed_mps": 0.0,
        "lateral_speed_mps": 0.0,
        "visibility": 1.0,
        "instance": f"{label} {ahead_m} {lateral_m}",
    }
    return Detection(label=label, ahead_m=ahead_m, lateral_m=lateral_m, **{**given, **more})


def moment(speeds_mps: tuple[float, ...] = (8.0, 8.0, 8.0, 8.0), description: str | None = None) -> Frame:
    """A frame without pictures whose ego drives straight on with these speeds, half a second each."""
    poses, x = [], 0.0
    for number, speed in enumerate((0.0, *speeds_mps)):
        x += speed * STEP_S
        poses.append(Pose(translation_m=(x, 0.0, 0.0), rotation_wxyz=LEVEL, timestamp_us=int(number * STEP_S * 1e6)))
    return Frame(token="moment", description=description, ego_pose=poses[0], ego_path=tuple(poses[1:]), timestamp_us=0)


def grounding(*things: Detection) -> Grounding:
    return Grounding(backend="hand", fingerprint="hand-made", cameras=("CAM_FRONT",), detections=things)


def report_on(*things: Detection, frame: Frame | None = None) -> ScoutReport:
    return rules_scout().report(frame or moment(), grounding(*things), deadline=Deadline())


def facts_of(*things: Detection, frame: Frame | None = None) -> Facts:
    return report_on(*things, frame=frame).facts
