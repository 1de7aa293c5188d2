"""A spec resolved against a table: every `auto` replaced, every conflict refused."""
