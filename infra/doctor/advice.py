"""What to choose, and whether it fits: the conclusions of an examination."""

from dataclasses import dataclass

from infra.contents import RIDES_ALONG_BYTES
from infra.doctor import costs
from infra.doctor.anatomy import Anatomy, Finding
from infra.doctor.costs import BreakEven, Cost
from infra.doctor.examination import INIT_LIMIT_MS, Dose, Examination
from infra.doctor.subject import Subject
from serving.prices import Prices
from serving.session import threads_for

# AWS Lambda quotas: a function with its layers, and a zip that is sent without S3.
UNZIPPED_BYTES = 250_000_000
DIRECT_ZIP_BYTES = 50_000_000
# What a function may take of its memory, so that larger requests than the example's fit too.
_MOST_OF_MEMORY = 0.75
_AS_CHEAP = 1.1
# A quicker start is not worth a snapshot's price.
_SLOW_START_MS = 2_000.0


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that doctor has to say of a model."""

    model: str
    task: str
    variant: str
    digest: str
    form: str
    package_bytes: int
    zip_bytes: int
    layers_bytes: int
    fetched_bytes: int
    anatomy: Anatomy
    examination: Examination
    costs: tuple[Cost, ...]
    prices: Prices
    fit: tuple[Finding, ...]
    memory_mb: int
    threads: int
    best_variant: str
    reasons: tuple[str, ...]
    break_even: BreakEven

    @property
    def chosen(self) -> Dose:
        """The dose at the memory that is recommended."""
        return next(dose for dose in self.examination.doses if dose.memory_mb == self.memory_mb)


def conclude(subject: Subject, anatomy: Anatomy, found: Examination, prices: Prices) -> Diagnosis:
    """The diagnosis of a subject that was looked at and examined."""
    costed = costs.of(found, prices)
    dose, cost = _recommended(found, costed)
    manifest = subject.artifact.manifest
    variant, why_variant = _variant(subject)
    threads = min(threads_for(dose.memory_mb), subject.lock.tuning.threads)
    even = costs.break_even(dose, cost, prices)
    return Diagnosis(
        model=subject.facts.name,
        task=manifest.task,
        variant=manifest.variant,
        digest=subject.artifact.digest,
        form="compiled, its weights mapped" if subject.form.manifest.compiled else "plain",
        package_bytes=subject.package_bytes,
        zip_bytes=subject.zip_bytes,
        layers_bytes=subject.layers_bytes,
        fetched_bytes=subject.fetched_bytes,
        anatomy=anatomy,
        examination=found,
        costs=costed,
        prices=prices,
        fit=tuple(_fit(subject, found, dose)),
        memory_mb=dose.memory_mb,
        threads=threads,
        best_variant=variant,
        reasons=(
            f"{dose.memory_mb} MB: the quickest, starts included, of those within a tenth of the "
            f"cheapest, with {dose.peak_mb:.0f} MB in use at most",
            f"{threads} {'thread' if threads == 1 else 'threads'}: of {dose.vcpus:g} vCPU, and as "
            "many as helped when the model was published",
            why_variant,
            _snapstart(dose, cost),
            _server(even),
        ),
        break_even=even,
    )


def _recommended(found: Examination, costed: tuple[Cost, ...]) -> tuple[Dose, Cost]:
    """The quickest of the cheapest that start in time and have memory to spare, or the largest."""
    pairs = list(zip(found.doses, costed, strict=True))
    able = [pair for pair in pairs if not _late(pair[0]) and not _tight(pair[0])] or pairs[-1:]
    least = min(cost.x86_64 for _, cost in able)
    cheap = [pair for pair in able if pair[1].x86_64 <= least * _AS_CHEAP]
    return min(cheap, key=lambda pair: (costs.mean_ms(pair[0]), pair[0].memory_mb))


def _late(dose: Dose) -> bool:
    return dose.init_ms > INIT_LIMIT_MS


def _tight(dose: Dose) -> bool:
    return dose.peak_mb > _MOST_OF_MEMORY * dose.memory_mb


def _variant(subject: Subject) -> tuple[str, str]:
    manifest = subject.artifact.manifest
    if not manifest.variants:
        return manifest.variant, f"variant {manifest.variant}: there is no other"
    name, best = min(manifest.variants.items(), key=lambda item: item[1].latency_ms)
    default = manifest.variants[manifest.variant]
    if best.latency_ms > 0.9 * default.latency_ms:
        return manifest.variant, f"variant {manifest.variant}: no other is a tenth quicker"
    figures = ", ".join(f"{metric} {value:.4g}" for metric, value in best.metrics.items())
    return name, (
        f"variant {name}: {best.latency_ms:g} ms instead of {default.latency_ms:g} ({figures})"
    )


def _snapstart(dose: Dose, cost: Cost) -> str:
    if dose.init_ms > _SLOW_START_MS:
        more = cost.x86_64_snapstart - cost.x86_64
        return (
            f"SnapStart, if callers cannot wait {dose.init_ms:.0f} ms for a start: "
            f"${more:.2f} more for a million answers a month"
        )
    return f"no SnapStart: a start takes {dose.init_ms:.0f} ms, too little to pay for snapshots"


def _server(even: BreakEven) -> str:
    return (
        f"a server that is always on (${even.instance_month_usd:g} a month) is cheaper from "
        f"{even.requests_a_month / 1e6:.1f} million requests a month on, "
        f"{even.requests_a_second:.1f} a second without a pause; it can do "
        f"{even.instance_requests_a_second:,.0f} a second"
    )


def _fit(subject: Subject, found: Examination, dose: Dose) -> list[Finding]:
    unzipped = subject.package_bytes + subject.layers_bytes
    fits = unzipped <= UNZIPPED_BYTES
    of = f"{unzipped / 1e6:.0f} of {UNZIPPED_BYTES / 1e6:.0f} MB unzipped"
    direct = subject.zip_bytes <= DIRECT_ZIP_BYTES
    way = "sent at once" if direct else "sent through S3, as SAM does"
    findings = [
        Finding("good" if fits else "bad", f"package: {of}, layers included"),
        Finding("good", f"zip: {_size(subject.zip_bytes)}, {way}"),
        _network(subject, dose),
        *(Finding("bad", f"{size} MB: {reason}") for size, reason in found.refused.items()),
    ]
    for each in found.doses:
        if _late(each):
            findings.append(
                Finding(
                    "bad",
                    f"{each.memory_mb} MB: starting takes {each.init_ms:.0f} ms of the "
                    f"{INIT_LIMIT_MS} that Lambda allows",
                )
            )
        if _tight(each):
            findings.append(
                Finding(
                    "note",
                    f"{each.memory_mb} MB: {each.peak_mb:.0f} MB are in use, "
                    "which leaves little for larger requests",
                )
            )
    return findings


def _size(size_bytes: int) -> str:
    if size_bytes < 1_000_000:
        return f"{size_bytes / 1e3:.0f} kB"
    return f"{size_bytes / 1e6:.1f} MB"


def _network(subject: Subject, dose: Dose) -> Finding:
    if not subject.fetched_bytes:
        most = RIDES_ALONG_BYTES / 1e6
        return Finding("good", f"network: nothing is fetched, up to {most:.0f} MB ride along")
    return Finding(
        "note",
        f"network: {subject.fetched_bytes / 1e6:.0f} MB from S3 take {dose.phases['fetch']:.0f} ms "
        "of every start at 625 Mbit/s",
    )
