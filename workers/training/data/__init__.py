"""From a stored table to the matrices that engines read."""
