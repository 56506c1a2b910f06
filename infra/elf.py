"""Take the symbol tables out of Linux shared objects: the loader never reads them.

What `strip` would do, without binutils and without moving a byte that is loaded: strip is known to
break libraries that auditwheel has patched.  Sections that are not loaded are blanked, so that they
pack to nothing, and cut off where they end the file; the section table goes too.
"""

import struct

_MAGIC = b"\x7fELF\x02\x01"  # 64 bit, little-endian
_PROGRAM = struct.Struct("<IIQQQQQQ")
_SECTION = struct.Struct("<IIQQQQIIQQ")


def strip(content: bytes) -> bytes:
    """A shared object without what is only for debuggers; anything else as it is."""
    if not content.startswith(_MAGIC):
        return content
    image = bytearray(content)
    programs_at, sections_at = struct.unpack_from("<QQ", image, 32)
    program_size, programs, section_size, sections = struct.unpack_from("<HHHH", image, 54)
    kept = [_segment(image, programs_at + number * program_size) for number in range(programs)]
    for number in range(sections):
        _blank(image, sections_at + number * section_size, kept)
    struct.pack_into("<Q", image, 40, 0)
    struct.pack_into("<HHH", image, 58, 0, 0, 0)
    del image[max(end for _, end in kept) :]
    return bytes(image)


def _segment(image: bytearray, at: int) -> tuple[int, int]:
    """Start and end in the file of what one program header has the loader map."""
    _, _, offset, _, _, size, _, _ = _PROGRAM.unpack_from(image, at)
    return offset, offset + size


def _blank(image: bytearray, at: int, kept: list[tuple[int, int]]) -> None:
    """Overwrite a section with zeros, unless some of it is loaded."""
    _, _, _, _, start, size, *_ = _SECTION.unpack_from(image, at)
    if all(start + size <= first or start >= last for first, last in kept):
        image[start : start + size] = bytes(size)
