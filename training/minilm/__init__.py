"""Building of the model `minilm`."""
