"""Training of the model that this folder is named after."""
