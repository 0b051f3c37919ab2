"""How an endpoint is reached: its address, the credentials for it, and what a refusal means."""

import os
import re
import ssl
from base64 import b64encode
from collections.abc import Mapping
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit
from urllib.response import addinfourl

from kg.errors import EndpointFailed
from kg.exchange import Limits, origin

PAGE_TYPES = ("text/html", "application/xhtml+xml")
_HOST = re.compile(r"([\w.~-]+|\[[\da-f:.]+\])(:\d+)?", re.ASCII | re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, 2.1
_BASIC = ("KG_ENDPOINT_USER", "KG_ENDPOINT_PASSWORD")
_BEARER = "KG_ENDPOINT_TOKEN"
_CREDENTIALS = f"set {' and '.join(_BASIC)}, or {_BEARER}, to what this endpoint knows"
# What an answer may take: a variable of the environment, and what holds without it.
SECONDS, MEGABYTES = ("KG_ENDPOINT_SECONDS", 30), ("KG_ENDPOINT_MB", 50)
_MOST = 1_000_000  # of each limit; the system does not count as many seconds as a float holds
_LATER = "wait a little and ask again"
_FIXES = {401: _CREDENTIALS, 403: _CREDENTIALS, 429: _LATER, 503: _LATER}


def reach(url: str, seconds: float, size: int) -> tuple[str, Limits]:
    """Give the credentials for an address, as a header has them, and the limits of exchanges.

    Credentials are taken from the environment alone: KG_ENDPOINT_USER and KG_ENDPOINT_PASSWORD,
    or KG_ENDPOINT_TOKEN. They are sent over https only, unless to this computer.

    Args:
        url: the address, http or https.
        seconds: for a whole exchange.
        size: the most bytes of an answer.

    Returns:
        The header, empty where there are no credentials, and the limits.

    Raises:
        EndpointFailed: the address is malformed, or the credentials cannot be used with it.

    Example:
        >>> _, limits = reach("https://example.org/sparql?key=1", 30, 1_000_000)
        >>> limits.where, limits.direct
        ('https://example.org/sparql', False)
    """
    parts = _address(url)
    here = _is_loopback(parts)
    credentials, secrets = _authorization(is_safe=here or parts.scheme == "https")
    return credentials, Limits(
        where=parts._replace(query="", fragment="").geturl(),  # a query may hold keys
        seconds=seconds,
        size=size,
        follow=not credentials,
        direct=here,
        tls=ssl.create_default_context() if parts.scheme == "https" else None,
        secrets=(*secrets, parts.query) if "=" in parts.query else secrets,
    )


def limit(name: str, default: float) -> float:
    """Give a limit that the environment may set.

    Raises:
        EndpointFailed: what is set is no number above 0, or one above a million.

    Example:
        >>> limit("KG_ENDPOINT_HOURS", 2)
        2
    """
    given = os.environ.get(name)
    if not given:
        return default
    try:
        value = float(given)
    except ValueError:
        value = 0
    if not 0 < value <= _MOST:
        raise EndpointFailed(
            f"{name} is {given!r}, which is no number above 0 and up to {_MOST:,}",
            where="the environment",
            fix=f"set it to a number, such as {default:g}, or leave it out",
        )
    return value


def kind_of(reply: addinfourl) -> str:
    """Give the media type that a server names for its answer, without parameters."""
    return reply.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def refusal(
    reply: addinfourl, limits: Limits, sent: str, fixes: Mapping[int, str] | None = None
) -> EndpointFailed:
    """Make the error that tells of a status which is no success, and what to do about it.

    Args:
        reply: of the server.
        limits: of the exchange.
        sent: what the server refused, such as a query.
        fixes: what to do about each status, where that is not the same for all that is sent.
    """
    status = reply.status or 0
    phrase = HTTPStatus(status).phrase if status in list(HTTPStatus) else "no known status"
    detail = reply.read().decode(errors="replace").strip()
    said = "a web page" if kind_of(reply) in PAGE_TYPES else detail
    fix = (_FIXES | dict(fixes or {})).get(status, "check the address and what the endpoint allows")
    told = f"{status} {phrase}" + (f": {said}" if said else "")
    return limits.failed(f"the endpoint refused the {sent}: {told}", fix=fix)


def _address(url: str) -> SplitResult:
    """Take an address apart that may be asked; what may hold a password is not repeated."""
    if "@" in url:
        raise EndpointFailed(
            "the address holds an @, as before it a name and a password would stand",
            where="--endpoint",
            fix=f"set {' and '.join(_BASIC)} in the environment; any other @ is written %40",
        )
    if not url.lower().startswith(("http://", "https://")):
        raise EndpointFailed(
            f"{url!r} is no address of a SPARQL endpoint",
            where="--endpoint",
            fix="give one that begins with http:// or https://",
        )
    try:
        parts = urlsplit(url)
        origin(parts)
        (parts.hostname or "").encode("idna")  # as it is before it is looked up
        is_sound = bool(_HOST.fullmatch(parts.netloc)) and re.fullmatch(r"[!-~]+", url)
    except ValueError:
        is_sound = None
    if not is_sound:
        raise EndpointFailed(
            "the address of the endpoint is malformed",
            where="--endpoint",
            fix="write it as http://host:port/query, in ASCII and without spaces",
        )
    return parts


def _is_loopback(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _authorization(*, is_safe: bool) -> tuple[str, tuple[str, ...]]:
    """Give the header that the environment asks for, if any, and what must not be shown of it.

    Raises:
        EndpointFailed: the credentials contradict each other, are malformed, or would be sent
            over plain http.
    """
    user, password, token = (os.environ.get(name, "") for name in (*_BASIC, _BEARER))
    if not (user or password or token):
        return "", ()
    what = fix = ""
    if token and (user or password):
        what, fix = f"{_BEARER} is set beside {_BASIC[0]} or {_BASIC[1]}", "unset the one or other"
    elif not token and not (user and password):
        what, fix = f"only one of {' and '.join(_BASIC)} is set", "set both, or none"
    elif token and not _TOKEN.fullmatch(token):
        what, fix = f"{_BEARER} is no bearer token", "look for spaces or line ends in it"
    elif ":" in user or not (user + password).isprintable():
        what = "the name holds a colon, or the name or password what cannot be printed"
        fix = f"check {' and '.join(_BASIC)}"
    elif not is_safe:
        what = "credentials are set, and would be sent unprotected"
        fix = f"use an https address, or unset {_BASIC[0]}, {_BASIC[1]} and {_BEARER}"
    if what:
        raise EndpointFailed(what, where="the environment", fix=fix)
    if token:
        return f"Bearer {token}", (token,)
    pair = b64encode(f"{user}:{password}".encode()).decode()
    return f"Basic {pair}", (pair, password)
