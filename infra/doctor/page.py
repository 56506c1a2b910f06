"""A diagnosis as one page of HTML with charts, which needs nothing else to be looked at."""

from collections.abc import Iterable
from html import escape

from infra.doctor import charts, tables
from infra.doctor.advice import Diagnosis
from infra.doctor.anatomy import Finding
from infra.doctor.costs import ASSUMED, MILLION
from infra.doctor.tables import Table

_STYLE = """
:root{--ink:#1b2430;--soft:#5b6675;--line:#dfe4ea;--card:#fff;--back:#f4f6f9}
@media(prefers-color-scheme:dark){:root{--ink:#e8edf3;--soft:#9aa7b5;--line:#2c3642;
--card:#18202a;--back:#0f151c}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:28px 20px 60px}
h1{margin:0;font-size:30px}h2{font-size:17px;margin:0 0 10px}
.sub{color:var(--soft);margin:2px 0 20px;overflow-wrap:anywhere}
.grid2{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:16px}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:18px;
min-width:0;overflow-x:auto}
.wide{grid-column:1/-1}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;
margin-bottom:16px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px}
.tile b{display:block;font-size:24px}.tile span{color:var(--soft);font-size:13px}
svg{width:100%;height:auto;display:block}
svg text{font-size:12px;fill:var(--soft)}text.y{text-anchor:end}text.x{text-anchor:middle}
line.grid{stroke:var(--line)}line.marked{stroke:var(--soft);stroke-dasharray:4 4}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;margin:8px 0 0;font-size:13px;color:var(--soft)}
.legend i{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:6px}
ul{list-style:none;margin:0;padding:0}li{padding:4px 0 4px 24px;position:relative}
li:before{position:absolute;left:0;font-weight:700}
li.good:before{content:"\\2713";color:#1c9c7c}li.note:before{content:"!";color:#e0911f}
li.bad:before{content:"\\2717";color:#d64545}li.say:before{content:"\\2192";color:#2f6fed}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:14px}
th,td{text-align:right;padding:5px 8px;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:500}
tr.chosen td{font-weight:700}
footer{color:var(--soft);font-size:13px;margin-top:20px}
"""


def render(found: Diagnosis) -> str:
    """The whole page."""
    name = escape(found.model)
    about = f"{found.task} · variant {found.variant} · {found.form} · digest {found.digest[:16]}"
    body = "".join(
        [
            _tiles(found),
            '<div class="grid2">',
            _card("Recommended", _list(("say", reason) for reason in found.reasons)),
            _card("Does it fit?", _findings(found.fit)),
            _card(f"A start at {found.memory_mb} MB", _start(found), "wide"),
            _card("Time for an answer, by memory", _times(found)),
            _card("A million answers a month, by memory", _prices(found)),
            _card("A month, by requests", _server(found)),
            _card("The graph", _graph(found)),
            _card("By memory", _table(found, tables.doses(found)), "wide"),
            _card(
                "US dollars for a million answers, Lambda alone",
                _table(found, tables.costs(found)),
                "wide",
            ),
            "</div>",
        ]
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{name}: diagnosis</title><style>{_STYLE}</style>"
        f'<main><h1>{name}</h1><p class="sub">{escape(about)}</p>{body}'
        f"<footer>{_footer(found)}</footer></main></html>\n"
    )


def _tiles(found: Diagnosis) -> str:
    dose = found.chosen
    cost = next(cost for cost in found.costs if cost.memory_mb == found.memory_mb)
    tiles = [
        (f"{found.memory_mb} MB", "recommended memory"),
        (f"{dose.init_ms:.0f} ms", "to start"),
        (f"{dose.p50_ms:.2f} ms", "for an answer, p50"),
        (f"{dose.peak_mb:.0f} MB", "in use at most"),
        (f"${cost.x86_64:.2f}", "a million answers"),
    ]
    drawn = "".join(
        f'<div class="tile"><b>{value}</b><span>{what}</span></div>' for value, what in tiles
    )
    return f'<div class="tiles">{drawn}</div>'


def _start(found: Diagnosis) -> str:
    return charts.bars(found.chosen.phases, "ms")


def _times(found: Diagnosis) -> str:
    doses = found.examination.doses
    series = {
        "p50": [(dose.memory_mb, dose.p50_ms) for dose in doses],
        "p99": [(dose.memory_mb, dose.p99_ms) for dose in doses],
        "start": [(dose.memory_mb, dose.init_ms) for dose in doses],
    }
    return charts.lines(series, "MB", "ms", found.memory_mb)


def _prices(found: Diagnosis) -> str:
    series = {
        "x86_64": [(cost.memory_mb, cost.x86_64) for cost in found.costs],
        "arm64": [(cost.memory_mb, cost.arm64) for cost in found.costs],
        "x86_64, SnapStart": [(cost.memory_mb, cost.x86_64_snapstart) for cost in found.costs],
        "arm64, SnapStart": [(cost.memory_mb, cost.arm64_snapstart) for cost in found.costs],
    }
    return charts.lines(series, "MB", "US dollars", found.memory_mb)


def _server(found: Diagnosis) -> str:
    cost = next(cost for cost in found.costs if cost.memory_mb == found.memory_mb)
    even = found.break_even
    counts = [10.0 ** (exponent / 4) for exponent in range(16, 34)]
    series = {
        "Lambda": [(count, count / MILLION * cost.x86_64) for count in counts],
        "Lambda and gateway": [
            (count, count / MILLION * (cost.x86_64 + cost.gateway)) for count in counts
        ],
        "a server, always on": [(count, even.instance_month_usd) for count in counts],
    }
    return charts.lines(series, "requests a month", "US dollars", even.requests_a_month)


def _graph(found: Diagnosis) -> str:
    anatomy = found.anatomy
    most = ", ".join(f"{name} {count}" for name, count in list(anatomy.operators.items())[:12])
    facts = (
        f"Opset {anatomy.opset}, {anatomy.nodes} nodes, {anatomy.weights_bytes / 1e6:.2f} MB of "
        f"constants.  Free: {', '.join(anatomy.free_dimensions) or 'nothing'}."
    )
    return f"<p>{escape(facts)}</p><p class=sub>{escape(most)}</p>{_findings(anatomy.findings)}"


def _footer(found: Diagnosis) -> str:
    return (
        f"Measured in the local cloud's sandbox on this machine; CPU share: "
        f"{found.examination.share}. {ASSUMED}"
    )


def _card(title: str, content: str, kind: str = "") -> str:
    return f'<section class="card {kind}"><h2>{escape(title)}</h2>{content}</section>'


def _findings(findings: tuple[Finding, ...]) -> str:
    return _list((finding.severity, finding.text) for finding in findings)


def _list(entries: Iterable[tuple[str, str]]) -> str:
    lines = "".join(f'<li class="{kind}">{escape(text)}</li>' for kind, text in entries)
    return f"<ul>{lines}</ul>"


def _table(found: Diagnosis, table: Table) -> str:
    headings, rows = table
    head = "".join(f"<th>{heading}</th>" for heading in headings)
    body = "".join(
        f"<tr{' class=chosen' if row[0] == str(found.memory_mb) else ''}>"
        + "".join(f"<td>{cell}</td>" for cell in row)
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
