"""A picture of the table, written as SVG by hand: bars from the least to the most of the rounds."""

from collections.abc import Iterator
from html import escape

from figures import Figures
from systems import SYSTEMS

_LEFT, _WIDTH, _ROW, _HEAD = 130, 330, 22, 46
_PANELS = (
    ("worker_ms", "worker CPU a call, ms"),
    ("calls_per_second", "calls a second, one process"),
    ("server_ms", "server CPU a call, ms"),
    ("job_bytes", "bytes a waiting call"),
)
_STYLE = (
    "text{font:12px sans-serif;fill:#333}.h{font-weight:bold}"
    ".o{fill:#c2410c}.p{fill:#94a3b8}.s{stroke:#111}"
)


def plot(figures: Figures) -> str:
    """Draw four panels, two beside each other; each bar is a median, its line the spread."""
    height = _HEAD + _ROW * len(SYSTEMS)
    inside = [
        line
        for nth, (name, title) in enumerate(_PANELS)
        for line in _panel(
            figures, name, title, (nth % 2) * (_LEFT + _WIDTH + 90), (nth // 2) * height
        )
    ]
    size = f"0 0 {2 * (_LEFT + _WIDTH + 90)} {2 * height + 10}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}"><style>{_STYLE}</style>'
    return "\n".join([head, *inside, "</svg>", ""])


def _panel(figures: Figures, name: str, title: str, x: int, y: int) -> Iterator[str]:
    yield f'<text class="h" x="{x + _LEFT}" y="{y + 28}">{escape(title)}</text>'
    most = max((max(figures.of(name, one.name), default=0.0) for one in SYSTEMS), default=0.0)
    scale = _WIDTH / most if most else 0.0
    for nth, one in enumerate(SYSTEMS):
        values, top = figures.of(name, one.name), y + _HEAD + nth * _ROW
        middle = figures.middle(name, one.name)
        kind, start, line = "o" if one.ours else "p", x + _LEFT, top + 7
        yield f'<text x="{start - 6}" y="{top + 12}" text-anchor="end">{escape(one.name)}</text>'
        if not values:
            continue
        low, high = start + min(values) * scale, start + max(values) * scale
        bar = f'<rect class="{kind}" x="{start}" y="{top}" height="14"'
        yield f'{bar} width="{middle * scale:.1f}"/>'
        yield f'<line class="s" x1="{low:.1f}" x2="{high:.1f}" y1="{line}" y2="{line}"/>'
        shown = f"{middle:,.2f}" if most < 100 else f"{middle:,.0f}"
        yield f'<text x="{high + 6:.1f}" y="{top + 12}">{shown}</text>'
