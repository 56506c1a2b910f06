"""The vocabulary: what travels between the steps of a request."""

from typing import Any, TypeAlias

from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]

# The only type between a task's decode and its encode: tensor name -> array, first axis the batch.
Tensors: TypeAlias = dict[str, Array]

Json: TypeAlias = Any
JsonObject: TypeAlias = dict[str, Any]
