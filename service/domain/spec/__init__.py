"""The training spec: its fields, their form, and what `auto` means."""
