"""Resources for who steers work and looks after a server: pausing, workers, webhooks."""
