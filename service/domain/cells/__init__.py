"""What one cell means, and the columns that cells are in."""
