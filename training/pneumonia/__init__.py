"""The model `pneumonia`; run `python -m training.pneumonia.train`."""
