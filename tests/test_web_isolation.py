"""What a worker has given up: tried from inside, with nothing of the gate in the way."""

import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

COMMAND = "from kg.cli import main; main()"
# Oxigraph asks other servers from Rust: only the kernel keeps it from that.
ASK = """
import sys, pyoxigraph
from kg.web.isolation import leave_network
port = int(sys.argv[2])
if sys.argv[1] == "alone":
    assert leave_network(("127.0.0.1", port))
query = f"SELECT * {{ SERVICE <http://127.0.0.1:{port}/sparql> {{ ?s ?p ?o }} }}"
try:
    print(list(pyoxigraph.Store().query(query)))
except Exception as error:
    print(type(error).__name__)
"""
GROW = """
from kg.web.isolation import limit_memory
limit_memory(50_000_000)
try:
    held = bytearray(100_000_000)
except MemoryError:
    print("no more")
"""
# A space of users in which no other network can be made, as in some containers.
NO_NETWORKS = 'echo 0 > /proc/sys/user/max_net_namespaces && exec "$@"'


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """Listen on loopback, and keep what is said."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            with suppress(OSError):
                while True:
                    client, _ = server.accept()
                    with client:
                        client.settimeout(2)
                        with suppress(OSError):
                            heard.append(client.recv(1000))
                            client.sendall(b"HTTP/1.0 404 Not Found\r\n\r\n")

        thread = threading.Thread(target=listen)
        thread.start()
        yield server.getsockname()[1], heard
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def run(program: str, *args: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", program, *args],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return ended.stdout.strip()


def test_an_engine_that_asks_elsewhere_gets_nowhere(listener: tuple[int, list[bytes]]) -> None:
    port, heard = listener
    run(ASK, "alone", str(port))
    assert not [each for each in heard if each]
    # The same query does reach the listener where nothing keeps it back.
    run(ASK, "free", str(port))
    assert [each for each in heard if each.startswith(b"POST /sparql")]


def test_memory_has_a_limit() -> None:
    assert run(GROW) == "no more"
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


def serve_without_networks(*args: str) -> "subprocess.CompletedProcess[str]":
    kg = [sys.executable, "-c", COMMAND, "serve", "--port", "0", *args]
    return subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", NO_NETWORKS, "sh", *kg],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_server_whose_queries_could_reach_the_network_does_not_start() -> None:
    ended = serve_without_networks()
    assert ended.returncode == 2, ended.stderr
    assert "queries could reach the network from here" in ended.stderr
    assert "--allow-network" in ended.stderr
