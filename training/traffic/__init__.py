"""Training of the model `traffic`."""
