"""Training of the model `diabetes`."""
