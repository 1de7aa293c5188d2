"""The profile of a stored table: one pass over its groups of rows."""
