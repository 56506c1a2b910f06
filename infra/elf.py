"""Cut out of Linux shared objects what the loader never maps: symbol tables and gaps.

What `strip` would do, without binutils and without changing an address: strip is known to break
libraries that auditwheel has patched, and leaves the gaps of several MB that patching makes.  The
segments that are loaded are moved together in the file; where they go in memory stays as it was.
Layout: System V ABI, "Object Files", "Program Header".
"""

import struct
from dataclasses import dataclass, replace

_MAGIC = b"\x7fELF\x02\x01"  # 64 bit, little-endian
_HEADER = struct.Struct("<IIQQQQQQ")
_LOAD = 1
# The largest page of a machine's kernels: offset and address must agree modulo it (x86-64, arm64).
_PAGE_BYTES = {62: 4096, 183: 65536}


@dataclass(frozen=True, slots=True)
class _Segment:
    """One program header; `offset` and `size` say where it is in the file."""

    kind: int
    flags: int
    offset: int
    address: int
    physical: int
    size: int
    memory: int
    alignment: int

    def packed(self) -> bytes:
        return _HEADER.pack(*(getattr(self, name) for name in self.__slots__))


def strip(content: bytes) -> bytes:
    """A shared object with only what is loaded of it; anything else as it is."""
    if not content.startswith(_MAGIC):
        return content
    (machine,) = struct.unpack_from("<H", content, 18)
    (table,) = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<HH", content, 54)
    if machine not in _PAGE_BYTES:
        return content
    segments = [
        _Segment(*_HEADER.unpack_from(content, table + number * size)) for number in range(count)
    ]
    image, moves = _together(content, segments, _PAGE_BYTES[machine])
    table += _move(table, moves)
    for number, segment in enumerate(segments):
        moved = replace(segment, offset=segment.offset + _move(segment.offset, moves))
        if segment.kind == _LOAD:
            moved = replace(moved, alignment=min(segment.alignment, _PAGE_BYTES[machine]))
        image[table + number * size : table + number * size + _HEADER.size] = moved.packed()
    struct.pack_into("<QQ", image, 32, table, 0)  # the section table is gone
    struct.pack_into("<HHH", image, 58, 0, 0, 0)
    return bytes(image)


def _together(
    content: bytes, segments: list[_Segment], page: int
) -> tuple[bytearray, list[tuple[int, int, int]]]:
    """The loaded segments one after the other, and for each its first, last byte and its shift."""
    image, moves = bytearray(), []
    loaded = (segment for segment in segments if segment.kind == _LOAD)
    for segment in sorted(loaded, key=lambda segment: segment.offset):
        start = len(image) + (segment.offset - len(image)) % page
        image += bytes(start - len(image))
        image += content[segment.offset : segment.offset + segment.size]
        moves.append((segment.offset, segment.offset + segment.size, start - segment.offset))
    return image, moves


def _move(offset: int, moves: list[tuple[int, int, int]]) -> int:
    """How far the byte at `offset` has moved; what is not loaded stays."""
    return next((shift for first, last, shift in moves if first <= offset < last), 0)
