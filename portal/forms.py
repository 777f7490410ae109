"""How every form of the portal looks: the renderer behind `{{ form }}`, widgets, and the filters of a list."""

import unicodedata
from typing import Any, Final, Self

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class Field(BoundField):
    """A field on a page, with what our templates ask of it."""

    @property
    def is_tick(self) -> bool:
        """Whether the label belongs behind the box: a single tick or a switch."""
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def is_always_chosen(self) -> bool:
        """Whether one of several is chosen from the start and cannot be taken away, so that nothing is optional."""
        return isinstance(self.field.widget, forms.RadioSelect) and bool(self.value())

    @property
    def focus_id(self) -> str:
        """The id an error links to: the input itself, or the first of several."""
        if not self.auto_id:
            return ""
        return f"{self.auto_id}_0" if self.use_fieldset else str(self.id_for_label)

    def as_widget(
        self, widget: forms.Widget | None = None, attrs: dict[str, Any] | None = None, only_initial: bool = False
    ) -> SafeString:
        """Render the input; where the placeholder could only repeat the label there is none."""
        widget = widget or self.field.widget
        kind = widget.attrs.get("type", getattr(widget, "input_type", ""))
        repeats = str(widget.attrs.get("placeholder", "")).casefold() in str(self.label).casefold()
        if kind in {"email", "password"} or repeats:
            attrs = {"placeholder": False, **(attrs or {})}
        return super().as_widget(widget, attrs, only_initial)


class Renderer(TemplatesSetting):
    """Forms in Saldo's clothes: a summary of errors, then each field with label, help, error and input."""

    form_template_name = "components/forms/form.html"
    field_template_name = "components/forms/field.html"
    bound_field_class = Field


# Between letters of some scripts, and within one emoji, they are part of how a word is written.
_JOINERS: Final = "\u200c\u200d"
_KEPT: Final = f"{_JOINERS}\0"  # a zero byte is no slip: Django refuses it


class NameField(forms.CharField):
    """What somebody or something is called, without what nobody sees: marks that turn the words around them, controls."""

    def to_python(self, value: Any) -> str:
        """Return the name; nothing where there is nothing to be seen."""
        words = " ".join((super().to_python(value) or "").split())
        text = "".join(each for each in words if each in _KEPT or unicodedata.category(each) not in {"Cc", "Cf"})
        return text.strip() if text.strip(f" {_JOINERS}") else ""


class UnitInput(forms.TextInput):
    """A number with its unit behind it: `UnitInput(unit=_("credits"))`."""

    template_name = "components/forms/unit_input.html"

    def __init__(self, unit: str | Promise, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", **(attrs or {})})
        self.unit = unit

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add the unit to what the template sees."""
        context = super().get_context(name, value, attrs)
        context["widget"]["unit"] = self.unit
        return context


class Switch(forms.CheckboxInput):
    """A tick that reads as on or off; it takes effect when the form is sent, like every other field."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"class": "switch", "role": "switch", **(attrs or {})})


class DayInput(forms.DateInput):
    """A day, picked or typed."""

    def __init__(self) -> None:
        super().__init__({"type": "date"}, "%Y-%m-%d")


class FilterForm(forms.Form):
    """What a list is filtered by, as it stands in the list's address: a period, and more where a list has more."""

    since = forms.DateField(label=gettext_lazy("From"), required=False, widget=DayInput())
    until = forms.DateField(label=gettext_lazy("To"), required=False, widget=DayInput())

    def clean(self) -> dict[str, Any]:
        """A period does not end before it begins."""
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", _("The period ends before it begins."))
        return self.cleaned_data

    @property
    def is_filtering(self) -> bool:
        """Whether anything is filtered at all."""
        return any(self.data.get(name) for name in self.fields)


class CardLabel(str):
    """The label of a choice shown as a card: its name, a line of detail below, a figure at the end."""

    __slots__ = ("aside", "detail")
    detail: str
    aside: str

    def __new__(cls, name: str, *, detail: str = "", aside: str = "") -> Self:
        label = super().__new__(cls, name)
        label.detail = detail
        label.aside = aside
        return label


class RadioCards(forms.RadioSelect):
    """One of a few choices, each a card; labels are plain text or `CardLabel`."""

    template_name = "components/forms/radio_cards.html"
