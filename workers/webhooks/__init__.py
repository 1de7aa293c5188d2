"""What tells webhooks: deliveries from the database, each an attempt to post it, to peers that are allowed."""
