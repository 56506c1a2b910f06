"""What a client prefers, as its `Accept` headers say (RFC 9110, section 12.4.2 and following)."""

from collections.abc import Sequence


def preferred(header: str, offered: Sequence[str]) -> str | None:
    """The one of `offered` that the header likes best, the earlier of two that it likes the same.

    `offered` are media types or content codings in lower case.  None when it takes none of them.
    """
    wanted = [_weighted(entry) for entry in header.lower().split(",") if entry.strip()]
    weights = [_weight(name, wanted) for name in offered]
    best = max(weights)
    return offered[weights.index(best)] if best > 0 else None


def _weighted(entry: str) -> tuple[str, float]:
    """A name with its weight; one that cannot be read weighs nothing."""
    name, *parameters = (part.strip() for part in entry.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                return name, min(max(0.0, float(value)), 1.0)  # in this order NaN is nothing
            except ValueError:
                return name, 0.0
    return name, 1.0


def _weight(name: str, wanted: list[tuple[str, float]]) -> float:
    """What the most precise entry says that `name` fits."""
    ranges = (name, f"{name.partition('/')[0]}/*" if "/" in name else "*", "*/*")
    for fitting in ranges:
        found = [weight for entry, weight in wanted if entry == fitting]
        if found:
            return max(found)
    return 0.0
