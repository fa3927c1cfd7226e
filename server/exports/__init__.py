"""Exports: one file a format, one registry. A format turns batches of frames into bytes, never into a whole list."""
