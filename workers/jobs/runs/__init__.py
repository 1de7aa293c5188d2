"""The runs of epochs of a training: one, or two that are compared."""
