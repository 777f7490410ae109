"""Log lines and audit events carry the request that wrote them."""

import contextvars
import logging

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")
remote_address: contextvars.ContextVar[str | None] = contextvars.ContextVar("remote_address", default=None)


class RequestIdFilter(logging.Filter):
    """Put the current request's id on every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True
