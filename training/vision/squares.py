"""Pictures of any size to squares of one size: the middle of the picture, resized.

`squares` is the reference in torch, `add_squares` the same as graph nodes: the square of the short
side around the centre, resized bilinearly with antialiasing, from bytes to numbers of 0 to 1.
"""

from torch import Tensor
from torch.nn.functional import interpolate

from training.export import FLOAT, Graph
from training.vision.images import WHITE

_HEIGHT, _WIDTH = 1, 2


def squares(pictures: Tensor, side: int) -> Tensor:
    """UINT8 (N, H, W, C) to FP32 (N, C, side, side)."""
    height, width = pictures.shape[1:3]
    short = min(height, width)
    top, left = (height - short) // 2, (width - short) // 2
    middle = pictures[:, top : top + short, left : left + short].permute(0, 3, 1, 2).float()
    resized = interpolate(middle, (side, side), mode="bilinear", antialias=True)
    return resized / WHITE


def add_squares(graph: Graph, picture: str, side: int, channels: int) -> str:
    """Add what `squares` does to UINT8 (N, H, W, C)."""
    height, width = (
        graph.add("Shape", picture, start=axis, end=axis + 1) for axis in (_HEIGHT, _WIDTH)
    )
    short = graph.add("Min", height, width)
    starts, ends = [], []
    for extent in (height, width):
        start = graph.add("Div", graph.add("Sub", extent, short), graph.integers(2))
        starts.append(start)
        ends.append(graph.add("Add", start, short))
    middle = graph.add(
        "Slice",
        picture,
        graph.add("Concat", *starts, axis=0),
        graph.add("Concat", *ends, axis=0),
        graph.integers(_HEIGHT, _WIDTH),
    )
    planes = graph.add("Cast", graph.add("Transpose", middle, perm=[0, 3, 1, 2]), to=FLOAT)
    count = graph.add("Shape", picture, start=0, end=1)
    sizes = graph.add("Concat", count, graph.integers(channels, side, side), axis=0)
    resized = graph.add(
        "Resize", planes, "", "", sizes, mode="linear", antialias=1, exclude_outside=1
    )
    white = graph.add("Cast", graph.number(WHITE), to=FLOAT)
    return graph.add("Div", resized, white)
