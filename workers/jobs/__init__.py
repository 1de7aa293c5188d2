"""The stories: a job from its claim to its end, each on one screen."""
