"""The runs of epochs of a training: the one that is judged, and the refit."""
