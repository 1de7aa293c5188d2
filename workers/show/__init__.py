"""What a version shows: pictures and the card, drawn from its report alone."""
