"""Protocols: the shapes in which requests and answers are written, a module each."""
