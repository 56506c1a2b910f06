"""What networks are fitted with: the loop, its choices by name, and the ladder of variants."""
