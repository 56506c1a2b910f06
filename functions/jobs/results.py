"""The results bucket: the models' answers to parts, and the one result that becomes of them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from functions.jobs.job import Job
from functions.jobs.listing import names_below, remove_below
from serving import keys

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

DOWNLOAD_S = 900
# Every part but the last has 5 MiB or more (Amazon S3 multipart upload limits).
PIECE_BYTES = 8 * 1024 * 1024


class Results:
    """Reads what models write below `out/` and `failed/`, writes below `jobs/`."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def address(self, job: Job) -> str:
        """Where the result can be fetched from, for a while, by whoever has the address."""
        where = {"Bucket": self._bucket, "Key": job.result_key}
        return self._client.generate_presigned_url("get_object", Params=where, ExpiresIn=DOWNLOAD_S)

    def answered(self, job: Job) -> set[str]:
        """The names of the parts that have an answer."""
        return self._named(keys.result(job.model, _below(job, "")))

    def failed(self, job: Job) -> set[str]:
        """The names of the parts that have a reason why there is no answer."""
        return self._named(keys.failure(job.model, _below(job, "")))

    def answer(self, job: Job, name: str) -> bytes:
        """The model's answer to a part."""
        return self._read(keys.result(job.model, _below(job, name)))

    def failure(self, job: Job, name: str) -> bytes:
        """The reason why a part has no answer."""
        return self._read(keys.failure(job.model, _below(job, name)))

    def write(self, job: Job, pieces: Iterator[bytes], media_type: str) -> None:
        """Write the result, piece by piece; it is there as a whole, or not at all."""
        first, second = next(pieces, b""), next(pieces, None)
        where: dict[str, Any] = {"Bucket": self._bucket, "Key": job.result_key}
        if second is None:
            self._client.put_object(**where, Body=first, ContentType=media_type)
            return
        upload = self._client.create_multipart_upload(**where, ContentType=media_type)
        where["UploadId"] = upload["UploadId"]
        try:
            parts: list[CompletedPartTypeDef] = []
            for body in (piece for pieces in ((first, second), pieces) for piece in pieces):
                number = len(parts) + 1
                put = self._client.upload_part(**where, PartNumber=number, Body=body)
                parts.append({"PartNumber": number, "ETag": put["ETag"]})
            self._client.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
        except BaseException:
            self._client.abort_multipart_upload(**where)
            raise

    def remove_answers(self, job: Job) -> None:
        """Delete what the models wrote for the parts."""
        for place in (keys.result, keys.failure):
            prefix = place(job.model, _below(job, "")).removesuffix(_ENDING)
            remove_below(self._client, self._bucket, prefix)

    def _named(self, key: str) -> set[str]:
        prefix = key.removesuffix(_ENDING)
        names = names_below(self._client, self._bucket, prefix)
        return {name.removesuffix(_ENDING) for name in names}

    def _read(self, key: str) -> bytes:
        with self._client.get_object(Bucket=self._bucket, Key=key)["Body"] as stream:
            return stream.read()


_ENDING = ".json"


def _below(job: Job, name: str) -> str:
    """A part's key as its model sees it, below `in/<model>/`."""
    return keys.job_parts(job.model, job.id).removeprefix(keys.upload_prefix(job.model)) + name
