"""The API's description in OpenAPI 3.1, rendered from the models."""
