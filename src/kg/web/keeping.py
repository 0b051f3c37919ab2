"""Answers kept for those who ask the same again, while the graph stays as it is."""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from kg.store import Most
from kg.web.asking import Asker
from kg.web.pool import Reply

_ROOM = 64 * 1024 * 1024
_SHARE = 16  # no answer takes more of the room than one part in so many
_OVERHEAD = 1024  # bytes that an answer takes besides its text
# What gives another answer each time; where only a text looks like it, no harm is done.
_FLEETING = re.compile(r"\b(NOW|RAND|UUID|STRUUID)\s*[(#]", re.IGNORECASE)

_Value = TypeVar("_Value")


class Lately(Generic[_Value]):
    """What was put here lately, as much as there is room for; what was not asked for goes first.

    Args:
        room: how much that is.
        size: how much of it a value takes.

    Example:
        >>> lately = Lately[str](2)
        >>> lately.put("a", "A"), lately.put("b", "B"), lately.get("a"), lately.put("c", "C")
        (None, None, 'A', None)
        >>> lately.get("b"), lately.get("a")
        (None, 'A')
    """

    def __init__(self, room: int, size: Callable[[_Value], int] = lambda value: 1) -> None:
        self._left = room
        self._size = size
        self._values: OrderedDict[Hashable, _Value] = OrderedDict()

    def get(self, key: Hashable) -> _Value | None:
        """Give what stands under a key, if it still does."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: Hashable, value: _Value) -> None:
        """Put a value under a key, and make room for it."""
        if key in self._values:
            self._left += self._size(self._values.pop(key))
        self._values[key] = value
        self._left -= self._size(value)
        while self._left < 0:
            self._left += self._size(self._values.popitem(last=False)[1])


class Kept:
    """An asker that remembers answers.

    What strangers ask and what is saved here are kept apart, so that the one never drives the
    other out.

    Args:
        asker: who works them out.
        room: bytes that all of them may take together; 0 where the graph may change.

    Attributes:
        sending: how many bytes of answers are on their way to clients.
    """

    def __init__(self, asker: Asker, room: int = _ROOM) -> None:
        self.limits = asker.limits
        self.sending = 0
        self._asker = asker
        self._largest = room // _SHARE
        self._replies = Lately[Reply](room, _size)

    def kept(
        self,
        text: str,
        forms: Mapping[str, str],
        dataset: Mapping[str, Sequence[str]] | None = None,
        most: Most | None = None,
    ) -> Reply | None:
        """Give the answer to a query at once, if it is at hand."""
        return self._replies.get(_key(text, forms, dataset, most))

    async def ask(
        self,
        text: str,
        forms: dict[str, str],
        dataset: dict[str, list[str]] | None = None,
        most: Most | None = None,
    ) -> Reply:
        """Answer one query anew, and keep the answer (see `kg.web.pool.Pool.ask`)."""
        reply = await self._asker.ask(text, forms, dataset, most)
        if _size(reply) > self._largest or _FLEETING.search(text):
            return reply
        body = b"".join(reply.body)
        tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        reply = replace(reply, body=[body], tag=tag)
        self._replies.put(_key(text, forms, dataset, most), reply)
        return reply


def _size(reply: Reply) -> int:
    return _OVERHEAD + sum(map(len, reply.body))


def _key(
    text: str,
    forms: Mapping[str, str],
    dataset: Mapping[str, Sequence[str]] | None,
    most: Most | None,
) -> bytes:
    # A digest, for a text may be as long as an answer.
    return hashlib.blake2b(repr((text, forms, dataset, most)).encode(), digest_size=32).digest()
