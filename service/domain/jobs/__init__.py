"""The jobs other than training, and the life of every job."""
