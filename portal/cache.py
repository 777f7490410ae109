"""A Redis cache that forgets rather than fails: Redis is a hint."""

import functools
import logging
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


class KeptClient(RedisCacheClient):
    """Django's, except that each pool of connections has one client: Django makes one for every command, which takes as long."""

    def __init__(self, *servers: Any, **options: Any) -> None:
        super().__init__(*servers, **options)
        self._client = functools.cache(self._client)  # type: ignore[has-type]


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache, except that an unreachable Redis reads as empty and writes as nothing.

    Login throttling and sessions go through the cache; with Redis down a customer must still be able to log in
    (sessions live in the database too), and a page must never be a 500.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = KeptClient

    def _forgive(self, call: Callable[[], Any], otherwise: Any) -> Any:
        try:
            return call()
        except RedisError as error:
            logger.warning("The cache did not answer: %s", error)
            return otherwise

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._forgive(lambda: super(ForgivingRedisCache, self).add(*args, **kwargs), True))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._forgive(lambda: super(ForgivingRedisCache, self).get(key, default, version), default)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._forgive(lambda: super(ForgivingRedisCache, self).set(*args, **kwargs), None)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._forgive(lambda: super(ForgivingRedisCache, self).touch(*args, **kwargs), False))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._forgive(lambda: super(ForgivingRedisCache, self).delete(*args, **kwargs), False))

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._forgive(lambda: super(ForgivingRedisCache, self).has_key(*args, **kwargs), False))

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return int(self._forgive(lambda: super(ForgivingRedisCache, self).incr(key, delta, version), delta))

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        return dict(self._forgive(lambda: super(ForgivingRedisCache, self).get_many(keys, version), {}))

    def set_many(self, data: dict[Any, Any], *args: Any, **kwargs: Any) -> list[Any]:
        return list(self._forgive(lambda: super(ForgivingRedisCache, self).set_many(data, *args, **kwargs), []))

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        self._forgive(lambda: super(ForgivingRedisCache, self).delete_many(*args, **kwargs), None)
