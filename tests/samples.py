"""Small things that many tests are about: the made-up run, groundings and reports. Light to import."""

from pathlib import Path

from scenario.records import Detection, Facts, Grounding, ScoutReport

MADE_UP_RUN = Path(__file__).parent / "fixtures" / "made_up_run"
MADE_UP_SCOUTS = {name: MADE_UP_RUN / f"{name}.jsonl" for name in ("alfa", "bravo")}


def made_up_token(number: int) -> str:
    return f"{number:02d}" * 16


def looked(*labels: str, confidence: float | None = 0.9, cameras: tuple[str, ...] = ("CAM_FRONT",)) -> Grounding:
    """A grounding that looked into `cameras` and saw one of each label, in the first of them."""
    detections = tuple(Detection(label=label, camera=cameras[0], confidence=confidence) for label in labels)
    return Grounding(backend="test", fingerprint="test", cameras=cameras, detections=detections)


LOOKED_NOWHERE = Grounding(backend="test", fingerprint="test")


def said(*facts: Facts) -> list[ScoutReport]:
    """One report for each facts, of scouts named a, b, c …"""
    return [ScoutReport(scout=name, facts=fact) for name, fact in zip("abcdefgh", facts, strict=False)]
