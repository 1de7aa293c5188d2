"""Keys, sessions of pages, and models that are shared, over HTTP."""
