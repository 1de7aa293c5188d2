"""Who may do what over HTTP: one rule for each operation, asked before its view."""
