"""The model `cifar10`; run `python -m training.cifar10.train`."""
