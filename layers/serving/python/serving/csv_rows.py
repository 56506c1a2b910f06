"""CSV as RFC 4180 has it, in UTF-8."""

import csv
from io import StringIO

from serving.errors import BadRequest


def read(body: bytes) -> list[list[str]]:
    """The rows of a CSV, a byte order mark at its start left out.  Raises BadRequest."""
    try:
        return list(csv.reader(StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise BadRequest(f"body is not CSV: {error}") from None
