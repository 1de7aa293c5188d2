"""What every request goes through: access, bodies, errors, waiting."""
