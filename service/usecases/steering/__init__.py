"""What owners and operators do with work that waits or runs, and around it: pause, reuse, webhooks, workers, owners."""
