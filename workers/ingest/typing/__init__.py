"""From text cells to typed columns, and what is told about them."""
