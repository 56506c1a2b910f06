"""Training of the model `iris`."""
