"""Run the server: from the first file read to the last worker ended."""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn

from kg.errors import KgError
from kg.project import Project
from kg.web.app import Options, Server, make_app
from kg.web.connections import Connection
from kg.web.isolation import give_memory_back
from kg.web.log import Logged, write_log
from kg.web.pages import Place
from kg.web.zygote import Source, Zygote

_GRACE = 5  # seconds that requests have to end when the server is told to


def run_server(
    place: Place,
    options: Options,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    allow_network: bool = False,
    told: Callable[[str], None] = print,
) -> None:
    """Serve until told to stop, by Control-C or SIGTERM.

    Args:
        place: where the graph is.
        options: how the server is set up.
        host: the address to listen at.
        port: the port; 0 for any that is free.
        allow_network: whether to serve although queries could reach the network.
        told: is told how the start goes.

    Raises:
        KgError: the port is taken, the graph cannot be read, or queries could reach the network.
    """
    give_memory_back()
    # Uvicorn raises the signal that ended it once more, which then ends what is left here.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # A terminal that is closed ends it as cleanly.
    signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    with (
        suppress(KeyboardInterrupt),
        _listen(host, port) as listener,
        _graph(place, told) as zygote,
    ):
        if not allow_network:
            _check_alone(zygote)
        address = f"http://{_shown(host)}:{listener.getsockname()[1]}/"
        told(f"open {address} in a browser; Control-C ends it (the pages are still being made)")
        _serve(Server(place, zygote, options), listener)
    told("ended")


@contextmanager
def _graph(place: Place, told: Callable[[str], None]) -> Iterator[Zygote]:
    """Have the graph in a zygote, which stays empty if it is at an endpoint."""
    if place.endpoint:
        told(f"asking {place.endpoint}")
        place.store().query("ASK {}")
    zygote = _read(place, told)
    try:
        yield zygote
    finally:
        zygote.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=1024)
        # Or else the body of each answer waits 40 ms for its head to be acknowledged. Connections
        # inherit it; asyncio sets it itself only where it opens the socket.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except (OSError, OverflowError) as error:
        raise KgError(
            f"the port cannot be opened: {getattr(error, 'strerror', None) or error}",
            where=f"{host}:{port}",
            fix="choose another with --port, or 0 for any that is free",
        ) from error


def _read(place: Place, told: Callable[[str], None]) -> Zygote:
    project = Project(place.home)
    files = () if place.folder or place.endpoint else tuple(project.graph_files())
    many = len(files)
    read = 0

    def reading(name: str) -> None:
        nonlocal read
        read += 1
        # A line for each of a few files; of many, one for every tenth.
        if many <= 10 or read % (many // 10) == 0 or read == many:
            told(f"reading {read} of {many}: {name}")

    return Zygote(Source(files, place.folder), reading)


def _check_alone(zygote: Zygote) -> None:
    """Start a worker to see whether it can be kept from the network, and end it again."""
    pid, channel, alone = zygote.start(memory=1024**3)
    channel.close()
    zygote.stop(pid)
    if not alone:
        raise KgError(
            "queries could reach the network from here, and through it other servers",
            fix="run it on Linux, as root or where users may unshare; or accept it with "
            "--allow-network, on a machine whose firewall lets nothing out",
        )


def _serve(server: Server, listener: socket.socket) -> None:
    write_log()
    config = uvicorn.Config(
        Logged(make_app(server)),
        log_config=None,
        access_log=False,  # ours says more, see kg.web.log
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
        http=Connection,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
