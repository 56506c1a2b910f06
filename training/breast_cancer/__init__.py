"""Training of the model `breast_cancer`."""
