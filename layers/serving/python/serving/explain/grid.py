"""The grid that an image is divided by, 7 cells a side."""

SIDE = 7


def edges(length: int) -> list[int]:
    """Where its lines are along a side of so many pixels: 8 of them, the image's own edges too.

    A side of fewer than 7 pixels has cells of none.
    """
    return [round(length * line / SIDE) for line in range(SIDE + 1)]


def cells(height: int, width: int) -> list[tuple[slice, slice]]:
    """Its cells as slices of an image (H, W), row by row."""
    rows, columns = edges(height), edges(width)
    return [
        (slice(rows[i], rows[i + 1]), slice(columns[j], columns[j + 1]))
        for i in range(SIDE)
        for j in range(SIDE)
    ]
