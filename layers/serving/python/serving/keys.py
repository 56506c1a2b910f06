"""Where things lie in S3: the one place that spells a key."""

from serving import digests

# Amazon S3, "Naming Amazon S3 objects": a key is at most 1,024 bytes of UTF-8.
LONGEST_KEY_BYTES = 1024
# What lies below it is the jobs service's; no model hears of it.
JOBS = "jobs/"


def artifact_file(model: str, digest: str, name: str) -> str:
    """A file of an artifact in the artifacts bucket."""
    return f"artifacts/{model}/{digest}/{name}"


def artifact_manifest(model: str, digest: str) -> str:
    """The manifest of an artifact; it is written last, so where it is, all of the artifact is."""
    from serving import manifest  # with numpy, which services that need a key only do without

    return artifact_file(model, digest, manifest.NAME)


def version_prefix(model: str) -> str:
    """Below it lies one object per published version."""
    return f"versions/{model}/"


def version(model: str, number: int) -> str:
    """The object that says which digest a version is; zero-padded, so listings are in order."""
    return f"{version_prefix(model)}{number:06d}.json"


def upload_prefix(model: str) -> str:
    """What a caller puts below it in the uploads bucket is answered by the model."""
    return f"in/{model}/"


def result(model: str, key: str) -> str:
    """The answer to `in/<model>/<key>`, in the results bucket."""
    return _beside(f"out/{model}/", key)


def failure(model: str, key: str) -> str:
    """The reason why `in/<model>/<key>` has no answer, in the results bucket."""
    return _beside(f"failed/{model}/", key)


def job(model: str, caller: str, job_id: str) -> str:
    """Below it lie a job's input in the uploads bucket, and its result in the results bucket."""
    return f"{JOBS}{model}/{caller}/{job_id}/"


def job_parts(model: str, job_id: str) -> str:
    """Below it lie the parts of a job's input, which are uploads to its model like any other."""
    return f"{upload_prefix(model)}{JOBS}{job_id}/"


def _beside(prefix: str, key: str) -> str:
    """`<prefix><key>.json`; the end of a key that is too long for S3 gives way to its SHA-256."""
    whole = f"{prefix}{key}.json"
    if len(whole.encode()) <= LONGEST_KEY_BYTES:
        return whole
    end = f"~{digests.sha256(key.encode())}.json"
    room = LONGEST_KEY_BYTES - len(prefix.encode()) - len(end)
    return prefix + key.encode()[:room].decode(errors="ignore") + end
