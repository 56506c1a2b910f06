"""JSON Schema, as far as several modules write it."""

from serving.types import JsonObject


def record(**properties: JsonObject) -> JsonObject:
    """An object that has all of these properties; more may come, as an API grows."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def reference(name: str) -> JsonObject:
    """What stands for a schema of the document's components."""
    return {"$ref": f"#/components/schemas/{name}"}
