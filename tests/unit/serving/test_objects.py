"""Objects are read whole from S3 without boto3, whatever goes wrong on the way."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from serving import objects
from serving.errors import ArtifactError
from serving.objects import Bucket
from tests.unit.serving import s3_server
from tests.unit.serving.s3_server import S3, Fault

CONTENT = bytes(range(256)) * 40
KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1"}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    monkeypatch.setattr(objects, "_PAUSES_S", (0, 0, 0))
    monkeypatch.setattr(objects, "_RANGE_BYTES", 1000)
    with s3_server.serving() as s3:
        s3.objects["/held/a/key"] = CONTENT
        yield s3


@pytest.fixture
def held(s3: S3) -> Bucket:
    return objects.connect("held", {**KEYS, "AWS_ENDPOINT_URL": s3.url})


def test_ranges_are_put_together_in_order(held: Bucket, s3: S3, tmp_path: Path) -> None:
    held.download("a/key", tmp_path / "file", len(CONTENT))
    assert (tmp_path / "file").read_bytes() == CONTENT == held.read("a/key")
    ranges = {headers["range"] for headers in s3.asked if "range" in headers}
    assert len(ranges) == 11
    assert {"bytes=0-999", "bytes=10000-10239"} <= ranges


FAULTS: dict[str, Fault] = {
    "slow down": s3_server.status(503, "SlowDown"),
    "internal error": s3_server.status(500, "InternalError"),
    "a broken connection": s3_server.cut,
    "another range": s3_server.ignore_range,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_failing_range_is_tried_again(held: Bucket, s3: S3, tmp_path: Path, fault: Fault) -> None:
    s3.faults["bytes=3000-3999"] = [fault, fault]
    held.download("a/key", tmp_path / "file", len(CONTENT))
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert sum(headers["range"] == "bytes=3000-3999" for headers in s3.asked) == 3


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_range_that_keeps_failing_is_an_error(
    held: Bucket, s3: S3, tmp_path: Path, fault: Fault
) -> None:
    s3.faults["bytes=3000-3999"] = [fault] * 4
    with pytest.raises(ArtifactError, match="s3://held/a/key cannot be read: status "):
        held.download("a/key", tmp_path / "file", len(CONTENT))


@pytest.mark.parametrize(
    ("code", "said"), [(403, "AccessDenied"), (404, "NoSuchKey"), (400, "ExpiredToken")]
)
def test_a_refusal_is_not_tried_again(held: Bucket, s3: S3, code: int, said: str) -> None:
    s3.faults[""] = [s3_server.status(code, said)]
    with pytest.raises(ArtifactError, match=f"status {code} {said} so it is"):
        held.read("a/key")
    assert len(s3.asked) == 1


def test_nobody_there_is_an_error() -> None:
    held = objects.connect("held", {**KEYS, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    with pytest.raises(ArtifactError, match="s3://held/key cannot be read: ConnectionRefusedError"):
        held.read("key")


def test_temporary_credentials_send_their_token(s3: S3) -> None:
    environ = {**KEYS, "AWS_SESSION_TOKEN": "token", "AWS_ENDPOINT_URL": s3.url}
    objects.connect("held", environ).read("a/key")
    [headers] = s3.asked
    assert headers["x-amz-security-token"] == "token"
    assert "x-amz-security-token" in headers["authorization"]


def test_under_snapstart_credentials_come_from_their_address(s3: S3) -> None:
    s3.objects["/credentials"] = b'{"AccessKeyId": "A", "SecretAccessKey": "s", "Token": "t"}'
    environ = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{s3.url}/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "mine",
        "AWS_ENDPOINT_URL": s3.url,
    }
    found = objects.connect("held", environ).credentials
    assert (found.access_key, found.secret_key, found.token) == ("A", "s", "t")
    assert s3.asked[0]["authorization"] == "mine"


def test_no_credentials_at_all_are_an_error() -> None:
    with pytest.raises(ArtifactError, match="AWS_ACCESS_KEY_ID is not set"):
        objects.connect("held", {})


@pytest.mark.parametrize(
    ("name", "endpoint", "path"),
    [
        ("held", "https://held.s3.eu-west-1.amazonaws.com", ""),
        ("held.by.me", "https://s3.eu-west-1.amazonaws.com", "/held.by.me"),
    ],
)
def test_without_an_endpoint_it_is_amazons(name: str, endpoint: str, path: str) -> None:
    found = objects.connect(name, KEYS)
    assert (found.endpoint, found.path) == (endpoint, path)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of nobody's for 127.0.0.1, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nobody")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    written = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    path = tmp_path / "certificate.pem"
    path.write_bytes(written + signed.public_bytes(pem))
    return path


def test_over_tls_who_answers_has_to_be_known(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "_PAUSES_S", ())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with s3_server.serving(context) as s3:
        s3.objects["/held/a/key"] = CONTENT
        environ = {**KEYS, "AWS_ENDPOINT_URL": s3.url}
        with pytest.raises(ArtifactError, match="SSLCertVerificationError"):
            objects.connect("held", environ).read("a/key")
        known = objects.connect("held", {**environ, "AWS_CA_BUNDLE": str(certificate)})
        assert known.read("a/key") == CONTENT


def test_a_bundle_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "bundle").write_text("no certificates")
    for path in (tmp_path / "bundle", tmp_path / "nothing"):
        with pytest.raises(ArtifactError, match=f"AWS_CA_BUNDLE is '{path}', expected cert"):
            objects.connect("held", {**KEYS, "AWS_CA_BUNDLE": str(path)})


def test_amazons_hosts_are_known_by_amazons_own_roots() -> None:
    trust = objects.connect("held", KEYS).trust
    assert trust is not None
    assert trust.verify_mode is ssl.CERT_REQUIRED
    ours = set(trust.get_ca_certs(binary_form=True))
    assert len(ours) == 5
    assert ours < set(ssl.create_default_context(cafile=certifi.where()).get_ca_certs(True))
