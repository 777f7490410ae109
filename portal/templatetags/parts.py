"""The small parts of a page: icons, badges, numbers, progress, the way back.

Each returns finished, escaped HTML without a style attribute, so that a table may hold hundreds of them. What a status
means is never said by colour alone: every kind has a shape of its own.
"""

from collections.abc import Mapping, Sequence

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from portal.browsers import browser_name

register = template.Library()

KIND_ICONS = {"ok": "check", "warn": "warning", "bad": "error", "info": "info", "neutral": "dot"}
MESSAGE_KINDS = {"debug": "neutral", "info": "info", "success": "ok", "warning": "warn", "error": "bad"}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Draw the icon `name` of the sprite; with a label it speaks, without one it is decoration."""
    manner = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon" width="20" height="20" focusable="false" {}><use href="{}#{}"/></svg>',
        manner,
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def kind_icon(kind: str) -> SafeString:
    """Draw the shape that belongs to a kind: ok, warn, bad, info or neutral."""
    return icon(KIND_ICONS.get(kind, "dot"))


@register.filter
def kind(level: str) -> str:
    """Return the kind of a message level, 'warning' is 'warn'; an unknown level is neutral."""
    return MESSAGE_KINDS.get(level, "neutral")


@register.simple_tag
def badge(kind: str, label: str, shape: str = "") -> SafeString:
    """Name a state: its kind (ok, warn, bad, info, neutral) chooses colour and icon, the label says it in words."""
    return format_html('<span class="badge {}">{}{}</span>', kind, icon(shape) if shape else kind_icon(kind), label)


@register.simple_tag
def stat(label: str, number: object, hint: object = "", url: str = "") -> SafeString:
    """Show one number with its name inside `<dl class="stats">`; the number arrives formatted."""
    shown = format_html('<a href="{}">{}</a>', url, number) if url else number
    below = format_html('<dd class="stat-hint">{}</dd>', hint) if hint else ""
    return format_html(
        '<div class="stat"><dt>{}</dt><dd class="stat-number">{}</dd>{}</div>',
        label,
        shown,
        below,
    )


@register.simple_tag
def progress(value: int | None, maximum: int, label: str, text: str = "", kind: str = "") -> SafeString:
    """Show how far something is: `value` of `maximum`, the numbers in words as `text`; value None while unknown."""
    amount = "" if value is None else format_html(' value="{}"', value)
    return format_html(
        '<div class="progress {}"><div class="progress-head"><span>{}</span><span>{}</span></div>'
        '<progress max="{}"{} aria-label="{}">{}</progress></div>',
        kind,
        label,
        text,
        max(maximum, 1),
        amount,
        label,
        text,
    )


@register.simple_tag
def copy_button(text: str, label: str = "") -> SafeString:
    """Offer to copy `text`; hidden until the script that can do it is there."""
    return format_html(
        '<button class="button small copy" type="button" hidden data-copy="{}" data-copied="{}">{}<span>{}</span></button>',
        text,
        _("Copied"),
        icon("copy"),
        label or _("Copy"),
    )


@register.simple_tag
def breadcrumbs(*pairs: str) -> SafeString:
    """Show the way back: label, address, label, address … from the top down, without the page itself."""
    steps = format_html_join("", '<li><a href="{1}">{0}</a></li>', zip(pairs[::2], pairs[1::2], strict=True))
    return format_html('<nav class="crumbs" aria-label="{}"><ol>{}</ol></nav>', _("You are here"), steps)


@register.simple_tag
def tabs(items: Sequence[Mapping[str, object]], label: str) -> SafeString:
    """Link the pages of one subject: each item has `label`, `url` and `current`."""
    links = format_html_join(
        "",
        '<a href="{}"{}>{}</a>',
        (
            (item["url"], mark_safe(' aria-current="page"') if item.get("current") else "", item["label"])
            for item in items
        ),
    )
    return format_html('<nav class="tabs" aria-label="{}">{}</nav>', label, links)


@register.filter
def browser(user_agent: str) -> str:
    """A browser and its system, as people call them."""
    return browser_name(user_agent)
