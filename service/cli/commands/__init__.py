"""The commands: each is a few calls of the client."""
