"""Immutable bytes by name: on disk or in S3."""
