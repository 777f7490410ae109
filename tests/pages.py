"""One client that checks every page any test loads, so that no page has to be remembered for checking."""

from collections import Counter
from collections.abc import Callable
from copy import copy
from html.parser import HTMLParser
from typing import Any, ClassVar

from django.contrib.auth import login
from django.contrib.sessions.backends.cached_db import SessionStore
from django.core.signals import setting_changed
from django.db import connection
from django.http import HttpRequest
from django.template import Context, Template
from django.test import Client
from django.test import client as of_django
from django.test.client import ClientHandler
from django.test.utils import ContextList

from portal.accounts.models import User

MOST_QUERIES = 24
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
UNLABELLED = {"hidden", "submit", "button", "reset", "image"}


class Page(HTMLParser):
    """What a browser and a screen reader would mind about a page; `faults` says it in words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self._open: list[str] = []
        self._ids: Counter[str] = Counter()
        self._tags: Counter[str] = Counter()
        self._labelled: set[str] = set()
        self._inputs: list[dict[str, str | None]] = []
        self._text: dict[str, str] = {"title": "", "h1": ""}
        self._lang: str | None = None
        self._tables_without_caption = 0
        self.feed(html)
        self.close()
        self._conclude()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._tags[tag] += 1
        if given.get("id"):
            self._ids[str(given["id"])] += 1
        for name in given:
            if name == "style" or name.startswith("on") or name == "hx-on":
                self.faults.append(f"<{tag}> has {name}=")
        if tag == "html":
            self._lang = given.get("lang")
        if tag == "label" and given.get("for"):
            self._labelled.add(str(given["for"]))
        if tag in {"input", "select", "textarea"} and given.get("type") not in UNLABELLED:
            self._inputs.append(given | {"wrapped": "yes" if "label" in self._open else None})
        if tag == "img" and "alt" not in given:
            self.faults.append("<img> without alt")
        if tag == "script" and "src" not in given and given.get("type") != "application/json":
            self.faults.append("inline <script>")
        if tag == "style":
            self.faults.append("inline <style>")
        if tag == "table":
            self._tables_without_caption += 1
        if tag == "caption":
            self._tables_without_caption -= 1
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open and self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if "svg" in self._open:
            return
        for tag in self._text:
            if tag in self._open:
                self._text[tag] += data.strip()

    def _conclude(self) -> None:
        if not self._lang:
            self.faults.append("<html> without lang")
        self.faults += [f"empty <{tag}>" for tag, text in self._text.items() if not text]
        self.faults += [f"{self._tags[tag]} <{tag}>" for tag in ("h1", "main") if self._tags[tag] != 1]
        self.faults += [f"id {name!r} {count} times" for name, count in self._ids.items() if count > 1]
        for given in self._inputs:
            named = given.get("id") in self._labelled or given.get("aria-label") or given.get("aria-labelledby")
            if not (named or given.get("wrapped")):
                self.faults.append(f"input {given.get('name')!r} without a label")
        if self._tables_without_caption > 0:
            self.faults.append("<table> without a caption")


class PageClient(Client):
    """Django's test client, except that every whole page it loads must be a good one."""

    good: ClassVar[set[int]] = set()
    """Hashes of the pages that were: a page that is the same to the letter is not read again."""

    def request(self, **request: Any) -> Any:
        asked = 0

        # Not by Django's own record of queries, which writes each of them out once more.
        def count(execute: Callable[..., Any], *statement: Any) -> Any:
            nonlocal asked
            asked += 1
            return execute(*statement)

        with connection.execute_wrapper(count):
            response = super().request(**request)
        is_page = response.get("Content-Type", "").startswith("text/html") and not response.streaming
        path = request.get("PATH_INFO", "")
        if is_page and b"<html" in response.content and not path.startswith("/desk/data/"):
            if (page := hash(response.content)) not in self.good:
                faults = Page(response.content.decode()).faults
                assert not faults, f"{path}: {faults}"
                self.good.add(page)
            if request.get("REQUEST_METHOD") == "GET":
                assert asked <= MOST_QUERIES, f"{path} asks the database {asked} times"
        return response

    def _login(self, user: User, backend: str | None = None) -> None:
        """Sign a person in as Django does, without the session it makes of nobody before, and throws away."""
        if self.cookies:
            super()._login(user, backend)  # type: ignore[misc]
            return
        request = HttpRequest()
        request.session = SessionStore()
        login(request, user, backend)
        request.session.save()
        self._set_login_cookies(request)  # type: ignore[attr-defined]


def share_middleware() -> None:
    """Build the chain of middleware once for all clients, and again only after a test has changed a setting.

    Each client would have its own: one looks through all static files, and a test often has three clients.
    """
    build = ClientHandler.load_middleware
    built: list[dict[str, Any]] = []

    def load(handler: ClientHandler, is_async: bool = False) -> None:
        if not built:
            build(handler, is_async)
            built.append({name: value for name, value in vars(handler).items() if name != "enforce_csrf_checks"})
        vars(handler).update(built[0])

    def forget(**changed: object) -> None:
        built.clear()

    ClientHandler.load_middleware = load  # type: ignore[assignment,method-assign]
    setting_changed.connect(forget, weak=False)


def keep_the_first_context() -> None:
    """Give a response the context of its page alone: Django copies that of every icon, field and part of it too."""

    def keep(store: dict[str, Any], template: Template, context: Context, **of_the_signal: object) -> None:
        if "context" not in store:
            store.update(templates=[template], context=ContextList([copy(context)]))  # type: ignore[arg-type]

    of_django.store_rendered_templates = keep  # type: ignore[attr-defined]
