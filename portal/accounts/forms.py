"""Forms about people and accounts."""

from django import forms


class SignupForm(forms.Form):
    """What signing up asks besides e-mail and password."""

    def signup(self, request: object, user: object) -> None: ...
