"""Files inside JSON: `{"image": "<base64>"}` and its like."""

import binascii

from serving import arrays
from serving.errors import Unprocessable
from serving.types import Json, JsonObject


def read(instance: Json, index: int, field: str) -> bytes:
    """The file of an instance: raw bytes as they are, or base64 in the one field `field`.

    Raises Unprocessable naming the instance.
    """
    if isinstance(instance, bytes):
        return instance
    if not isinstance(instance, dict) or set(instance) != {field}:
        shown = arrays.shown(instance)
        raise Unprocessable(f"instance {index} is {shown}, expected an object with '{field}'")
    try:
        return binascii.a2b_base64(instance[field], strict_mode=True)
    except (binascii.Error, TypeError, ValueError):
        raise Unprocessable(f"instance {index}: '{field}' is not base64") from None


def schema(field: str) -> JsonObject:
    """The JSON Schema of such an instance."""
    return {
        "type": "object",
        "properties": {field: {"type": "string", "contentEncoding": "base64"}},
        "required": [field],
        "additionalProperties": False,
    }
