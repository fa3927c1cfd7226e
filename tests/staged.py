"""Frames with a picture, and one pedestrian who stands somewhere: what a live pass can look at."""

from pathlib import Path

from PIL import Image

from drives import scenario
from scenario.records import Camera, Detection, Facts, Grounding, Scenario


def noise(path: Path) -> Path:
    """A picture that is neither blank nor blurred."""
    Image.effect_noise((160, 90), 60).convert("RGB").save(path)
    return path


def standing(
    token: str, lateral_m: float | None, picture: Path, *, scene: str | None = None, **facts: object
) -> Scenario:
    """A pedestrian ten metres ahead, this far to the side; None: nobody."""
    person = Detection(
        label="pedestrian",
        camera="CAM_FRONT",
        confidence=1.0,
        box_xyxy_px=(40.0, 20.0, 60.0, 80.0),
        ahead_m=10.0,
        lateral_m=lateral_m,
        range_m=10.0,
        path="straight",
        size_m=(0.6, 0.6, 1.7),
    )
    camera = Camera(image=str(picture), width_px=160, height_px=90)
    number = int(token[1:]) if token[1:].isdecimal() else None
    made = scenario(
        token,
        Facts.model_validate(facts),
        cameras={"CAM_FRONT": camera},
        scene=scene,
        scene_token=scene,
        sequence=number,
    )
    seen = () if lateral_m is None else (person,)
    grounding = Grounding(backend="t", fingerprint="t", cameras=("CAM_FRONT",), detections=seen)
    return made.model_copy(update={"grounding": grounding})
