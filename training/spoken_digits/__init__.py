"""Training of the model `spoken_digits`."""
