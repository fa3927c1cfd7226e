"""Frames of recorded runs: the tokens of their lines, in the order of the first file, then what the others add."""

from collections.abc import Sequence

from scenario.records import Frame
from verifier.scouts.recorded import RecordedRun


def recorded_frames(runs: Sequence[RecordedRun]) -> list[Frame]:
    """A recorded run knows a frame's token and its place in the file, nothing else."""
    tokens = dict.fromkeys(token for run in runs for token in run.lines)
    return [Frame(token=token, sequence=number) for number, token in enumerate(tokens)]
