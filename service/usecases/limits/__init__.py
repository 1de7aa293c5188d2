"""What owners may have, in the transactions that add to it, and how many requests they may send."""
