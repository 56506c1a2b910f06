"""Lines of JSON, put together from the pieces that they come in."""


class Lines:
    """Ends lines at line feeds only: JSON may hold what else Unicode ends a line with."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def ended_by(self, piece: bytes) -> list[bytes]:
        """The lines, but for empty ones, that end in this piece."""
        first, *others = piece.split(b"\n")
        self._held.append(first)
        if not others:
            return []
        whole = [b"".join(self._held), *others[:-1]]
        self._held = [others[-1]]
        return [line for line in whole if line]

    def rest(self) -> list[bytes]:
        """The last line, if it is not empty and had no line feed."""
        return [line for line in (b"".join(self._held),) if line]
