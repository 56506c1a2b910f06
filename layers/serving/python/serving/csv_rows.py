"""CSV as RFC 4180 has it, in UTF-8."""

import csv
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper

from serving.errors import BadRequest

# The module's own, 131,072, is less than a text may have; bodies are bounded before they are read.
csv.field_size_limit(2**31 - 1)


def read(body: bytes) -> Iterator[list[str]]:
    """The rows of a CSV one at a time, a byte order mark at its start left out.

    Raises BadRequest at the row that is wrong.
    """
    text = TextIOWrapper(BytesIO(body), "utf-8-sig", newline="")
    try:
        yield from csv.reader(text, strict=True)
    except UnicodeDecodeError:
        raise BadRequest("body is not CSV: it is not UTF-8") from None
    except csv.Error as error:
        raise BadRequest(f"body is not CSV: {error}") from None
