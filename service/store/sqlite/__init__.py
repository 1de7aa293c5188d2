"""What an SQLite database alone needs."""
