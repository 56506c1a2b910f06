"""What lies below a prefix of a bucket: in order, and gone."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

# What S3 lists, and deletes, at once (Amazon S3 API reference, ListObjectsV2, DeleteObjects).
_PAGE = 1000


def names_below(client: "S3Client", bucket: str, prefix: str) -> list[str]:
    """The keys below a prefix, in order, without it."""
    return [key.removeprefix(prefix) for key in _keys(client, bucket, prefix)]


def remove_below(client: "S3Client", bucket: str, prefix: str) -> None:
    """Delete every object below a prefix.  Raises RuntimeError when S3 refuses to."""
    found = list(_keys(client, bucket, prefix))
    for start in range(0, len(found), _PAGE):
        page: list[ObjectIdentifierTypeDef] = [{"Key": key} for key in found[start : start + _PAGE]]
        answer = client.delete_objects(Bucket=bucket, Delete={"Objects": page, "Quiet": True})
        if errors := answer.get("Errors"):
            raise RuntimeError(f"{len(errors)} objects below {prefix} stay: {errors[0]}")


def _keys(client: "S3Client", bucket: str, prefix: str) -> Iterator[str]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for entry in page.get("Contents", []):
            yield entry["Key"]
