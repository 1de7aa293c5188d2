"""How a file is read: its dialect, its header, the kinds of its columns."""
