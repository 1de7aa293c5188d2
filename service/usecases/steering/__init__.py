"""What owners and operators do with work that waits or runs: pause, resume, reuse, limits, webhooks, deleting."""
