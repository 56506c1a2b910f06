"""Charts of a diagnosis, as SVG that stands in a page: nothing is fetched, nothing is run."""

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 640, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 16, 16, 44
COLOURS = ("#2f6fed", "#e07a1f", "#1c9c7c", "#b0479b", "#6b7280", "#d64545", "#8a6d1d", "#4b9cd3")

Series = Mapping[str, Sequence[tuple[float, float]]]


def bars(parts: Mapping[str, float], unit: str) -> str:
    """One bar cut into its parts, each with its name and size below."""
    total = sum(parts.values()) or 1.0
    drawn, at = [], 0.0
    for number, (name, size) in enumerate(parts.items()):
        width = size / total * WIDTH
        tip = f"<title>{escape(name)}: {size:.1f} {unit}</title>"
        drawn.append(
            f'<rect x="{at:.1f}" y="0" width="{max(width, 0.5):.1f}" height="42" '
            f'fill="{_colour(number)}">{tip}</rect>'
        )
        at += width
    legend = [f"{name} {size:.1f} {unit}" for name, size in parts.items()]
    return _svg("".join(drawn), 46) + _legend(legend)


def lines(series: Series, x_title: str, y_title: str, marked: float | None = None) -> str:
    """Lines over a shared x axis, both axes logarithmic; `marked` is an x to point out.

    Every second line is dashed, so that one which it covers shows through.
    """
    points = [point for line in series.values() for point in line]
    x_axis = _Axis([x for x, _ in points], _LEFT, WIDTH - _RIGHT)
    y_axis = _Axis([y for _, y in points], HEIGHT - _BOTTOM, _TOP)
    drawn = [_grid(x_axis, y_axis, x_title, y_title)]
    if marked is not None:
        x = x_axis.at(marked)
        drawn.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}" class="marked"/>'
        )
    for number, (name, line) in enumerate(series.items()):
        placed = [(x_axis.at(x), y_axis.at(y), x, y) for x, y in line]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in placed)
        colour = _colour(number)
        dashes = ' stroke-dasharray="7 5"' if number % 2 else ""
        drawn.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"{dashes}/>'
        )
        drawn += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}">'
            f"<title>{escape(name)}: {value:,.4g} at {where:,.4g}</title></circle>"
            for x, y, where, value in (placed if len(placed) < 20 else ())
        ]
    return _svg("".join(drawn), HEIGHT) + _legend(list(series))


class _Axis:
    """A logarithmic axis from pixel `low` to pixel `high`, around some values."""

    def __init__(self, values: Sequence[float], low: float, high: float) -> None:
        positive = [value for value in values if value > 0] or [1.0]
        self._least, self._most = log10(min(positive)) - 0.06, log10(max(positive)) + 0.06
        if self._most - self._least < 0.5:
            middle = (self._least + self._most) / 2
            self._least, self._most = middle - 0.25, middle + 0.25
        self._low, self._high = low, high

    def at(self, value: float) -> float:
        """The pixel of a value."""
        share = (log10(max(value, 1e-12)) - self._least) / (self._most - self._least)
        return self._low + min(max(share, 0), 1) * (self._high - self._low)

    def ticks(self) -> list[float]:
        """Round values on the axis: 1, 2, 5 of each decade, or the decades when there are many."""
        steps = (1, 2, 5) if self._most - self._least < 2.5 else (1,)
        decades = range(floor(self._least), ceil(self._most) + 1)
        every = [step * 10.0**decade for decade in decades for step in steps]
        return [value for value in every if self._least <= log10(value) <= self._most]


def _grid(x_axis: _Axis, y_axis: _Axis, x_title: str, y_title: str) -> str:
    bottom, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
    drawn = []
    for tick in y_axis.ticks():
        y = y_axis.at(tick)
        drawn.append(f'<line x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
        drawn.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" class="y">{_short(tick)}</text>')
    for tick in x_axis.ticks():
        x = x_axis.at(tick)
        drawn.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom}" class="grid"/>')
        drawn.append(f'<text x="{x:.1f}" y="{bottom + 17}" class="x">{_short(tick)}</text>')
    middle = (_TOP + bottom) / 2
    drawn.append(f'<text x="{(_LEFT + right) / 2}" y="{HEIGHT - 6}" class="x">{x_title}</text>')
    drawn.append(
        f'<text x="14" y="{middle}" class="x" transform="rotate(-90 14 {middle})">{y_title}</text>'
    )
    return "".join(drawn)


def _short(value: float) -> str:
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{suffix}"
    return f"{value:g}"


def _svg(drawn: str, height: int) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img">{drawn}</svg>'


def _legend(names: Sequence[str]) -> str:
    entries = "".join(
        f'<span><i style="background:{_colour(number)}"></i>{escape(name)}</span>'
        for number, name in enumerate(names)
    )
    return f'<p class="legend">{entries}</p>'


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]
