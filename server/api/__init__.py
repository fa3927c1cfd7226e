"""The HTTP API: one small router a subject, all over one engine."""
