"""What tests of the served app ask it by: one request on a connection of its own."""

import http.client
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import psutil


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]


def send(
    url: str,
    method: str,
    address: str,
    body: bytes | Iterable[bytes] | None = None,
    **headers: str,
) -> Answer:
    client = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        client.request(method, address, body, named)
        reply = client.getresponse()
        told = {name.lower(): value for name, value in reply.getheaders()}
        return Answer(reply.status, told, reply.read())
    finally:
        client.close()


def ask(url: str, query: str, accept: str = "", **fields: str) -> Answer:
    address = f"/sparql?{urlencode({'query': query, **fields})}"
    return send(url, "GET", address, **({"accept": accept} if accept else {}))


def tree(pid: int) -> list[psutil.Process]:
    """A process and all that come of it."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]
