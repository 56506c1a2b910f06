"""The uploads bucket: what jobs are made of, and the parts that their models answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.jobs.job import Job
from functions.jobs.listing import names_below, remove_below
from serving import keys, store

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

UPLOAD_S = 3600
_CHUNK_BYTES = 1024 * 1024
_ABSENT = ("NoSuchKey", "NoSuchVersion")
_THERE_ALREADY = "PreconditionFailed"


@dataclass(frozen=True, slots=True)
class Input:
    """A version of a job's input, about to be read."""

    size_bytes: int
    media_type: str
    chunks: Iterator[bytes]


class Inputs:
    """Reads what callers put below `jobs/`, writes what models find below `in/`."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def address(self, job: Job) -> str:
        """Where the caller is to PUT the input; the address alone is the right to do so."""
        where = {"Bucket": self._bucket, "Key": job.input_key}
        return self._client.generate_presigned_url("put_object", Params=where, ExpiresIn=UPLOAD_S)

    def put(self, job: Job, body: bytes, media_type: str) -> None:
        """Store an input that came with the request."""
        self._client.put_object(
            Bucket=self._bucket, Key=job.input_key, Body=body, ContentType=media_type
        )

    def open(self, job: Job, version: str) -> Input | None:
        """A version of the input; None when it is gone."""
        try:
            found = self._client.get_object(
                Bucket=self._bucket, Key=job.input_key, VersionId=version
            )
        except ClientError as error:
            if store.code(error) in _ABSENT:
                return None
            raise
        chunks = found["Body"].iter_chunks(_CHUNK_BYTES)
        return Input(found["ContentLength"], found["ContentType"], chunks)

    def put_part(self, job: Job, name: str, body: bytes, media_type: str) -> None:
        """Hand a part to the job's model; one that is there already stays as it is."""
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=keys.job_parts(job.model, job.id) + name,
                Body=body,
                ContentType=media_type,
                Metadata={store.CALLER_METADATA: job.caller},
                IfNoneMatch="*",
            )
        except ClientError as error:
            if store.code(error) != _THERE_ALREADY:
                raise

    def parts(self, job: Job) -> list[str]:
        """The names of the job's parts, in order."""
        return names_below(self._client, self._bucket, keys.job_parts(job.model, job.id))

    def remove_parts(self, job: Job) -> None:
        """Take back what the model has not begun; a part that is gone is not answered."""
        remove_below(self._client, self._bucket, keys.job_parts(job.model, job.id))
