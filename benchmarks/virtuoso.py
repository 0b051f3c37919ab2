"""A Virtuoso server on loopback for as long as it is measured; where it is installed."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import psutil

from kg.endpoint import EndpointStore
from kg.errors import EndpointFailed

PROGRAM, CLIENT = which("virtuoso-t"), which("isql-vt")
INI = """[Database]
DatabaseFile = {folder}/virtuoso.db
TransactionFile = {folder}/virtuoso.trx
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
xa_persistent_file = {folder}/virtuoso.pxa
[TempDatabase]
DatabaseFile = {folder}/temporary.db
TransactionFile = {folder}/temporary.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
NumberOfBuffers = 340000
MaxDirtyBuffers = 250000
DirsAllowed = /
[HTTPServer]
ServerPort = 127.0.0.1:{http}
"""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Virtuoso:
    """A server with a database of its own in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.sql, http = folder, f"127.0.0.1:{free_port()}", free_port()
        self.store = EndpointStore(f"http://127.0.0.1:{http}/sparql", seconds=120)
        ini = folder / "virtuoso.ini"
        port = self.sql.partition(":")[2]
        ini.write_text(INI.format(folder=folder, sql=port, http=http), "utf-8")
        assert PROGRAM, "Debian has it as virtuoso-opensource-7-bin"
        self.opened = 0.0
        self.process = psutil.Popen(
            [PROGRAM, "-f", "-c", str(ini)],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait(self) -> None:
        start = time.perf_counter()
        while (waited := time.perf_counter() - start) < 60:
            try:
                self.store.query("SELECT ?s { ?s ?p ?o } LIMIT 1")
                self.opened = waited
                return
            except EndpointFailed:
                assert self.process.poll() is None, "the server did not start"
                time.sleep(0.1)
        raise TimeoutError("the server does not answer")

    def load(self, files: list[Path]) -> None:
        lines = [
            f"DB.DBA.TTLP_MT(file_to_string_output('{path}'), '', 'urn:graph', 255);"
            for path in files
        ]
        commands = "\n".join(["log_enable(2);", *lines, "checkpoint;"])
        told = subprocess.run(
            [str(CLIENT), self.sql, "dba", "dba"],
            input=commands,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "Error" not in told.stdout + told.stderr, told.stderr

    def seconds(self) -> float:
        spent = self.process.cpu_times()
        return float(spent.user + spent.system)

    def peak(self) -> float:
        """Give the most memory that it held, in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("utf-8")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def disk(self) -> float:
        return sum(path.stat().st_size for path in self.folder.glob("virtuoso.*")) / 1e6


@contextmanager
def running(folder: Path) -> Iterator[Virtuoso]:
    server = Virtuoso(folder)
    try:
        server.wait()
        yield server
    finally:
        server.process.kill()
        server.process.wait()
