"""What the commands show, made readable."""
