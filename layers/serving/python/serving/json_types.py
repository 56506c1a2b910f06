"""JSON as it is read and written; apart from `serving.types` for those who start without numpy."""

from typing import Any, TypeAlias

Json: TypeAlias = Any
JsonObject: TypeAlias = dict[str, Any]
