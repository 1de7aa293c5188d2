"""Readers of CSV: rows of text cells out of a file, and the rows that are rejected."""
