"""What is said after a paste: how much was added, known, written twice, and what could not be read."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.contacts import faults
from messaging.contacts.paste import Pasted
from portal.templatetags.formats import number


def tell(request: HttpRequest, pasted: Pasted, *, added_count: int, known_count: int = 0) -> None:
    """Leave the messages that the next page shows."""
    if not pasted.entries and not pasted.invalid:
        messages.success(request, _("Saved."))
        return
    messages.success(
        request,
        ngettext("%(count)s number added.", "%(count)s numbers added.", added_count) % {"count": number(added_count)},
    )
    repeated = known_count + pasted.duplicate_count
    if repeated:
        text = ngettext(
            "%(count)s number was there already and was not added again.",
            "%(count)s numbers were there already and were not added again.",
            repeated,
        )
        messages.info(request, text % {"count": number(repeated)})
    if pasted.invalid:
        text = ngettext(
            "%(count)s line could not be read. %(example)s",
            "%(count)s lines could not be read. The first is %(example)s",
            len(pasted.invalid),
        )
        example = faults.sentence(pasted.invalid)
        messages.warning(request, text % {"count": number(len(pasted.invalid)), "example": example})
