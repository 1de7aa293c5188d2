"""Uploads: options, forms, bodies, and the preview of what would be read."""
