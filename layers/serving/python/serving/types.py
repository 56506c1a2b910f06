"""The vocabulary: what travels between the steps of a request."""

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from serving.json_types import Json as Json
from serving.json_types import JsonObject as JsonObject

if TYPE_CHECKING:  # a start does without numpy.typing
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]
else:
    Array = np.ndarray

# The only type between a task's decode and its encode: tensor name -> array, first axis the batch.
Tensors: TypeAlias = dict[str, Array]
