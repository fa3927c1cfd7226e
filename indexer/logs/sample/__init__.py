"""The sample drive: a small nuScenes-format log, rendered by our own code from a seed, with its truth beside it."""

from indexer.logs.sample.write import SampleSummary, write_sample

__all__ = ["SampleSummary", "write_sample"]
