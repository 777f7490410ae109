"""The pages of the demo's outbox."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal import outbox
from portal.accounts.access import public_view

# An e-mail carries its styles in its elements; it runs nothing, fetches nothing, sends nothing.
LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; sandbox allow-popups allow-top-navigation-by-user-activation"
)


@public_view
@never_cache
@require_safe
def outbox_list(request: HttpRequest) -> HttpResponse:
    """The newest e-mails. Public: the code that verifies an address is needed before one can sign in."""
    return render(request, "portal/outbox/list.html", {"letters": outbox.letters()})


@public_view
@never_cache
@require_safe
def outbox_letter(request: HttpRequest, name: str) -> HttpResponse:
    """One e-mail as text, with a link to how it looks."""
    return render(request, "portal/outbox/letter.html", {"letter": _letter(name)})


@public_view
@never_cache
@require_safe
def outbox_html(request: HttpRequest, name: str) -> HttpResponse:
    """The e-mail's own HTML, as a mail program shows it: with its styles, without scripts, forms or addresses."""
    return HttpResponse(_letter(name).html, headers={"Content-Security-Policy": LETTER_POLICY})


def _letter(name: str) -> outbox.Letter:
    letter = outbox.letter(name)
    if letter is None:
        raise Http404
    return letter
