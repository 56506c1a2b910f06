"""S3: uploads are read, answers are written once.

An answer names the version of the upload that it answers.  Conditional writes keep two workers, a
crash in between and a late delivery from leaving anything but the newest version's one answer.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from serving.json_types import Json

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

VERSION_METADATA = "source-version"
# What an answer took and cost, in JSON: the only place for it beside a file of many lines.
USAGE_METADATA = "usage"
# Whose upload it is, where somebody put it there for a caller.
CALLER_METADATA = "caller"
_ABSENT = {"404", "NoSuchKey", "NotFound"}
_LOST_RACE = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_ATTEMPTS = 8


class Unsettled(Exception):
    """Other workers kept winning the race for an answer; the message is to come again."""


@dataclass(frozen=True, slots=True)
class Source:
    """An upload as it was read: its place, the version that was newest, its bytes.

    The body of one that is larger than it may be is left unread, and empty here.
    """

    bucket: str
    key: str
    version: str
    media_type: str
    size_bytes: int
    body: bytes
    caller: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to write for a source, where, and where an older version's answer may lie instead."""

    key: str
    other_key: str
    body: bytes
    media_type: str
    usage: str = ""


@dataclass(frozen=True, slots=True)
class _Held:
    etag: str
    version: str | None


class Store:
    """Reads from any uploads bucket, writes to one results bucket."""

    def __init__(self, client: "S3Client", results_bucket: str) -> None:
        self._client = client
        self._results = results_bucket

    def read(self, bucket: str, key: str, limit: int) -> Source | None:
        """The newest version of an upload, its body up to `limit` bytes; None when it is gone."""
        try:
            found = self._client.get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if code(error) in _ABSENT:
                return None
            raise
        size = found["ContentLength"]
        with found["Body"] as stream:
            body = stream.read() if size <= limit else b""
        version = _version(found.get("VersionId"), found["ETag"])
        caller = found["Metadata"].get(CALLER_METADATA, "")
        return Source(bucket, key, version, found.get("ContentType", ""), size, body, caller)

    def newest(self, bucket: str, key: str) -> str | None:
        """The version of an upload that is newest now; None when it is gone."""
        try:
            found = self._client.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if code(error) in _ABSENT:
                return None
            raise
        return _version(found.get("VersionId"), found["ETag"])

    def settle(self, source: Source, answer: Answer) -> None:
        """Make `answer` the one answer to `source`, unless a newer version has come meanwhile.

        Raises Unsettled when that cannot be decided now.
        """
        for _ in range(_ATTEMPTS):
            held = self._held(answer.key)
            if held is not None and held.version == source.version:
                break
            if self._is_stale(source):
                return
            if self._put(source, answer, held):
                break
        else:
            raise Unsettled(f"{answer.key} is contended")
        if self._is_stale(source):
            self._remove(answer.key, only_version=source.version)
        else:
            self._remove(answer.other_key, except_version=source.version)

    def _is_stale(self, source: Source) -> bool:
        return self.newest(source.bucket, source.key) not in (source.version, None)

    def _held(self, key: str) -> _Held | None:
        try:
            found = self._client.head_object(Bucket=self._results, Key=key)
        except ClientError as error:
            if code(error) in _ABSENT:
                return None
            raise
        return _Held(found["ETag"], found["Metadata"].get(VERSION_METADATA))

    def _put(self, source: Source, answer: Answer, held: _Held | None) -> bool:
        """Write; False when another worker was quicker."""
        condition: Json = {"IfMatch": held.etag} if held else {"IfNoneMatch": "*"}
        try:
            self._client.put_object(
                Bucket=self._results,
                Key=answer.key,
                Body=answer.body,
                ContentType=answer.media_type,
                Metadata={
                    VERSION_METADATA: source.version,
                    **({USAGE_METADATA: answer.usage} if answer.usage else {}),
                },
                **condition,
            )
        except ClientError as error:
            if code(error) in _LOST_RACE | _ABSENT:
                return False
            raise
        return True

    def _remove(
        self, key: str, only_version: str | None = None, except_version: str | None = None
    ) -> None:
        """Delete an answer that names (or does not name) a version, if nobody changes it first."""
        held = self._held(key)
        if held is None or held.version == except_version:
            return
        if only_version is not None and held.version != only_version:
            return
        try:
            self._client.delete_object(Bucket=self._results, Key=key, IfMatch=held.etag)
        except ClientError as error:
            if code(error) not in _LOST_RACE | _ABSENT:
                raise


def connect(results_bucket: str) -> Store:
    """A store over boto3's own S3 client, with region, endpoint and credentials of the process."""
    import boto3

    return Store(boto3.client("s3"), results_bucket)


def code(error: ClientError) -> str:
    """What S3 calls an error."""
    return error.response.get("Error", {}).get("Code", "")


def _version(version: str | None, etag: str) -> str:
    """The version's id, or for a bucket without versions the ETag."""
    return version if version and version != "null" else etag.strip('"')
