"""The processes of a worker: how they start, watch themselves and stop."""
