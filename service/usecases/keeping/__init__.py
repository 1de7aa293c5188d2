"""What keeps an installation: backups, retention, and what can be told of it."""
