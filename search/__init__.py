"""Embedding, the LanceDB store, the query language, retrieval, fusion and facets."""
