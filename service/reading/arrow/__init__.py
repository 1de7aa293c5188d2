"""Columns of Arrow: their types, and their cells as the domain holds them."""
