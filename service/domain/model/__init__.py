"""A trained model as numbers: rows in, predictions out."""
