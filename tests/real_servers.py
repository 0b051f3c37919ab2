"""Real servers, run on free ports of loopback for a test or a benchmark, and stopped after it."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which

SERVER, CLIENT = "virtuoso-t", "isql-vt"
GRAPH = "https://w3id.org/evidence-kg/"
SETTINGS = """\
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
[TempDatabase]
DatabaseFile = {folder}/temp.db
TransactionFile = {folder}/temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
DirsAllowed = /
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {dirty}
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerThreads = 4
[SPARQL]
ResultSetMaxRows = {rows}
"""


@dataclass
class Virtuoso:
    """A server that runs: its process, the port of its command line, and where it is asked."""

    process: "subprocess.Popen[bytes]"
    port: int
    address: str

    @property
    def url(self) -> str:
        """The address that asks what was loaded alone."""
        return f"{self.address}?default-graph-uri={GRAPH}"

    def load(self, files: Sequence[Path]) -> None:
        for path in files:
            self.do(f"DB.DBA.TTLP_MT(file_to_string_output('{path}'), '', '{GRAPH}', 255);")

    def do(self, command: str) -> None:
        login = [CLIENT, f"127.0.0.1:{self.port}", "dba", "dba", f"exec={command}"]
        told = subprocess.run(login, capture_output=True, text=True, check=True)
        assert "Error" not in told.stdout + told.stderr, told.stderr


@contextmanager
def virtuoso(folder: Path, rows: int = 10_000, buffers: int = 20_000) -> Iterator[Virtuoso]:
    """Run Virtuoso with an empty database.

    Args:
        folder: an empty one, for its files.
        rows: its ResultSetMaxRows.
        buffers: how many pages of 8 KB it holds in memory.
    """
    sql, http = _free_ports()
    settings = folder / "virtuoso.ini"
    sizes = {"rows": rows, "buffers": buffers, "dirty": buffers * 3 // 4}
    text = SETTINGS.format(folder=folder, sql=sql, http=http, **sizes)
    settings.write_text(text, encoding="utf-8")
    command = [SERVER, "-f", "-c", str(settings)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = Virtuoso(process, sql, f"http://127.0.0.1:{http}/sparql")
    try:
        _await_answer(server.address, process)
        yield server
        server.do("shutdown;")
        process.wait(timeout=60)
    finally:
        process.kill()
        process.wait()


def oxigraph_command() -> str:
    """Give the `oxigraph` program of PyPI."""
    program = which("oxigraph", path=str(Path(sys.executable).parent))
    assert program, "the oxigraph command is a development dependency: make setup"
    return program


@contextmanager
def oxigraph(place: Path, *, writable: bool = False) -> Iterator[str]:
    """Run the `oxigraph` server over a store, and give its address."""
    port, _ = _free_ports()
    address = f"http://127.0.0.1:{port}"
    verb = "serve" if writable else "serve-read-only"
    command = [oxigraph_command(), verb, "--location", str(place), "--bind", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await_answer(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def _free_ports() -> list[int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as b:
        return [each.getsockname()[1] for each in (one, b)]


def _await_answer(address: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(address, timeout=10).close()
            return
        except OSError:
            assert process.poll() is None, "the server did not start"
            time.sleep(0.1)
    raise AssertionError(f"nothing answers at {address}")
