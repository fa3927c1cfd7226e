"""What the tests of YOLOE share: quick settings, and a checkpoint opened as the grounder would."""

from indexer.grounding.detector import Detector

QUICK = {"image_size": 320, "device": "cpu", "threshold": 0.2}


def opened(checkpoint, **options):
    """The detector of a checkpoint, as the grounder would open it."""
    return Detector(str(checkpoint), **{"tokenizer": "none.json", "device": "cpu", **options})
