"""Training of the model `ett_load`."""
