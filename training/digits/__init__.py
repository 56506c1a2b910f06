"""Training of the model `digits`."""
