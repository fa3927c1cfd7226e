"""Logs in, an index out: grounding, scouts, judge, beliefs and embeddings, stage by stage."""
