"""Training of the model `linear_demo`."""
