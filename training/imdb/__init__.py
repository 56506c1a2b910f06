"""Training of the model `imdb`."""
