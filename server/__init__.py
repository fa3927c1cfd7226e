"""Everything that faces outward: the engine (the Python API) first of all."""
