"""Training of the model `newsgroups`."""
