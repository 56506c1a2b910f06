"""What the text models share: tokens, bags of n-grams, networks, and what their cards say."""
