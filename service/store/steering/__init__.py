"""What the database knows of who goes first, who may have how much, and who is to be told."""
