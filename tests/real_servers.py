"""Virtuoso, started for tests with a graph on free ports of loopback, and stopped after them."""

import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyoxigraph import DefaultGraph, RdfFormat

from kg.store import LocalStore

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
DirsAllowed = {folder}
NumberOfBuffers = 20000
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerThreads = 4
[SPARQL]
ResultSetMaxRows = {rows}
"""


@contextmanager
def virtuoso(folder: Path, store: LocalStore, rows: int = 10_000) -> Iterator[str]:
    """Run Virtuoso with the triples of a store, and give the address that asks these alone.

    Args:
        folder: an empty one, for its files.
        store: the triples.
        rows: its ResultSetMaxRows.
    """
    sql, http = _free_ports()
    settings, dump = folder / "virtuoso.ini", folder / "graph.nt"
    text = SETTINGS.format(folder=folder, sql=sql, http=http, rows=rows)
    settings.write_text(text, encoding="utf-8")
    store.graph.dump(dump, format=RdfFormat.N_TRIPLES, from_graph=DefaultGraph())
    command = [SERVER, "-f", "-c", str(settings)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{http}/sparql"
    try:
        _await_answer(address, process)
        _do(sql, f"DB.DBA.TTLP_MT(file_to_string_output('{dump}'), '', '{GRAPH}', 255);")
        yield f"{address}?default-graph-uri={GRAPH}"
        _do(sql, "shutdown;")
        process.wait(timeout=60)
    finally:
        process.kill()
        process.wait()


def _free_ports() -> list[int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as b:
        return [each.getsockname()[1] for each in (one, b)]


def _await_answer(address: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(address, timeout=10).close()
            return
        except OSError:
            assert process.poll() is None, "Virtuoso did not start"
            time.sleep(0.1)
    raise AssertionError(f"nothing answers at {address}")


def _do(port: int, command: str) -> None:
    login = [CLIENT, f"127.0.0.1:{port}", "dba", "dba"]
    told = subprocess.run([*login, f"exec={command}"], capture_output=True, text=True, check=True)
    assert "Error" not in told.stderr, told.stderr
