"""Which notices a member wants: one switch each."""

from collections.abc import Sequence
from typing import Any

from django import forms

from portal.forms import Switch
from portal.notices.codes import RULES, Kind
from portal.notices.selectors import Choice


class NoticesForm(forms.Form):
    """The member's own notices, on or off."""

    def __init__(self, *args: Any, choices: Sequence[Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for choice in choices:
            self.fields[choice.kind.value] = forms.BooleanField(
                label=choice.kind.label,
                help_text=RULES[choice.kind].explanation,
                initial=choice.is_wanted,
                required=False,
                widget=Switch,
            )

    @property
    def wanted(self) -> list[Kind]:
        """The kinds that are switched on."""
        return [Kind(name) for name in self.fields if self.cleaned_data[name]]
