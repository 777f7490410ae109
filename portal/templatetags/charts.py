"""Charts drawn on the server: plain SVG with classes, and the same numbers as a table behind it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

register = template.Library()

HEIGHT = 100
SLOT = 10
BAR = 7
# With fewer bars than this each would be a wall.
FEW = 8


class Point(NamedTuple):
    """One bar: its name as shown, its size (a whole number or a Decimal, never negative), its value as shown."""

    label: str
    value: int | Decimal
    text: str


@register.simple_tag
def bar_chart(points: Sequence[Point], caption: str, label_head: str, value_head: str) -> SafeString:
    """Draw `points` as bars from left to right under `caption`; the two heads name the columns of the table."""
    if not points:
        return mark_safe("")
    top = max(points, key=lambda point: point.value)
    return format_html(
        '<figure class="chart"><figcaption>{caption}</figcaption><div class="chart-plot">'
        '<div class="chart-scale" aria-hidden="true">{top}</div>{drawing}'
        '<div class="chart-axis" aria-hidden="true"><span>{first}</span><span>{last}</span></div></div>{table}</figure>',
        caption=caption,
        top=top.text,
        drawing=_bars(points, top.value, caption),
        first=points[0].label,
        last=points[-1].label if len(points) > 1 else "",
        table=_table(points, caption, label_head, value_head),
    )


def _bars(points: Sequence[Point], top: int | Decimal, caption: str) -> SafeString:
    width = SLOT * len(points)
    bar = BAR if len(points) >= FEW else max(1, BAR * len(points) // FEW)
    bars = format_html_join(
        "",
        '<rect class="chart-bar" x="{}" y="{}" width="{}" height="{}"><title>{}: {}</title></rect>',
        (
            (SLOT * index + (SLOT - bar) // 2, HEIGHT - height, bar, height, point.label, point.text)
            for index, point in enumerate(points)
            for height in [_scaled(point.value, top)]
        ),
    )
    lines = format_html_join(
        "",
        '<line class="chart-line" x1="0" x2="{}" y1="{}" y2="{}"/>',
        ((width, y, y) for y in (0, HEIGHT // 2, HEIGHT)),
    )
    return format_html(
        '<svg viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}{}</svg>',
        width,
        HEIGHT,
        caption,
        lines,
        bars,
    )


def _scaled(value: int | Decimal, top: int | Decimal) -> Decimal:
    """Return the height of a bar in hundredths of the drawing; the smallest that is not nothing stays visible."""
    if not value or not top:
        return Decimal(0)
    return max(Decimal(1), (Decimal(value) * HEIGHT / Decimal(top)).quantize(Decimal("0.1")))


def _table(points: Sequence[Point], caption: str, label_head: str, value_head: str) -> SafeString:
    rows = format_html_join(
        "",
        '<tr><th scope="row">{}</th><td class="num">{}</td></tr>',
        ((point.label, point.text) for point in points),
    )
    return format_html(
        '<details class="reveal chart-data"><summary>{}</summary>'
        '<div class="table-wrap" role="region" aria-label="{}" tabindex="0"><table class="table">'
        '<caption class="visually-hidden">{}</caption><thead><tr><th scope="col">{}</th><th scope="col" class="num">{}</th></tr></thead>'
        "<tbody>{}</tbody></table></div></details>",
        _("Show the numbers"),
        caption,
        caption,
        label_head,
        value_head,
        rows,
    )


@register.simple_tag
def sparkline(values: Sequence[int | Decimal], label: str) -> SafeString:
    """Draw the course of `values` as a small line; `label` says in words what it shows."""
    top = max(values, default=0)
    marks = " ".join(f"{index * SLOT},{HEIGHT - _scaled(value, top)}" for index, value in enumerate(values))
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<polyline class="spark-line" points="{}"/></svg>',
        max(SLOT * (len(values) - 1), 1),
        HEIGHT,
        label,
        marks,
    )
