"""Queries on keys, owners, shares and the secrets of an installation."""
