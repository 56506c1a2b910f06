"""Training of the model `reviews_zh`."""
