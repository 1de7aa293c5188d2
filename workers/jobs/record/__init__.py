"""What jobs leave behind while they go: what is told of them, and what a later attempt goes on from."""
