"""Who may do what: owners, scopes and keys."""
