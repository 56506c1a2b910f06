"""Serve one ONNX model from one AWS Lambda function.

The engine knows folders, artifacts, tasks and protocols; it knows no particular model and no other
room of the repository.
"""
