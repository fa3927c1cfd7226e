"""Where a model's file is. A reference is a local path, or `hf:OWNER/REPOSITORY/FILE` in the hub's cache."""

from pathlib import Path


def locate(reference: str) -> Path:
    """The file that `reference` names. Raises `WeightsMissing`, whose message says how to get it. Fetches nothing."""
    raise NotImplementedError
