"""A process that reads the graph once, and from which workers that hold it are forked.

A worker that is killed is then replaced in milliseconds, and all share the memory of one graph.
The name is that of the same arrangement in Chromium and Android.
"""

import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from pathlib import Path
from typing import Any

from kg.errors import KgError, UnreadableFile
from kg.store import DiskStore, LocalStore, MemoryStore
from kg.web.isolation import (
    end_with_parent,
    give_memory_back,
    give_way,
    leave_network,
    limit_memory,
)
from kg.web.worker import work

_GB = 1024**3
# What reading may take: memory besides what the files come to in it, and seconds for one file.
_READING_MEMORY, _IN_MEMORY, _READING_SECONDS = 2 * _GB, 40, 120.0


@dataclass(frozen=True)
class Source:
    """What a graph is read from: Turtle files, or the folder of an Oxigraph store."""

    files: tuple[Path, ...] = ()
    folder: Path | None = None


class Zygote:
    """The process, as its parent sees it; safe to use from several threads.

    Args:
        source: what the graph is read from.
        reading: is told each file before it is read.

    Raises:
        KgError: the graph cannot be read, or not within the limits.
    """

    def __init__(self, source: Source, reading: Callable[[str], None] = lambda name: None) -> None:
        self._source = source
        self._lock = threading.Lock()
        # What a worker must not be able to reach.
        self._listener = socket.create_server(("127.0.0.1", 0))
        try:
            self._launch(reading)
        except BaseException:
            self._listener.close()
            raise

    def start(self, memory: int, nice: int = 0) -> tuple[int, socket.socket, bool]:
        """Fork a worker.

        Args:
            memory: bytes that it may take besides what the graph takes.
            nice: by how much it lets others go first.

        Returns:
            Its process id, the socket to ask it by, and whether it is without network.

        Raises:
            OSError: it could not be started.
            KgError: the zygote had ended, and the graph can no longer be read.
        """
        ours, theirs = socket.socketpair()
        pid = 0
        with theirs:
            try:
                with self._lock:
                    try:
                        pid = self._fork(theirs, memory, nice)
                    except OSError:
                        # Something has killed it, such as the system where memory ran out.
                        self._end()
                        self._launch()
                        pid = self._fork(theirs, memory, nice)
                theirs.close()  # so that a worker that ends at once is seen to
                alone = json.loads(_first(ours))
            except BaseException:
                ours.close()
                self.stop(pid)  # or what is left of a worker that ended as it began stays for ever
                raise
        return pid, ours, alone["alone"]

    def stop(self, pid: int) -> None:
        """Kill a worker, and wait until it has gone."""
        with suppress(OSError), self._lock:
            self._tell({"do": "stop", "pid": pid})
            self._hear()

    def close(self) -> None:
        """End the zygote, and with it all workers."""
        self._end()
        self._listener.close()

    def _launch(self, reading: Callable[[str], None] = lambda name: None) -> None:
        """Start the process, wait until the graph is read, and tell what stands in its way."""
        spawn = get_context("spawn")
        self._channel, theirs = spawn.Pipe()
        self._process = spawn.Process(
            target=_run,
            args=(theirs, self._source, self._listener.getsockname(), os.getpid()),
            daemon=True,
            name="kg-zygote",
        )
        self._process.start()
        theirs.close()
        file = self._source.folder.as_posix() if self._source.folder else ""
        try:
            while self._channel.poll(_READING_SECONDS):
                told = self._hear()
                if "ready" in told:
                    return
                if "what" in told:
                    where = told["where"] or file
                    raise UnreadableFile(told["what"], where=where, fix=told["fix"])
                file = told["reading"]
                reading(file)
            what = f"reading takes longer than {_READING_SECONDS:.0f} seconds"
        except OSError:
            what = "reading needs more memory than it may have, or breaks the parser"
        except BaseException:
            self._end()
            raise
        self._end()
        raise KgError(f"the graph is not served: {what}", where=file, fix="mend or split the file")

    def _fork(self, theirs: socket.socket, memory: int, nice: int) -> int:
        self._tell({"do": "start", "memory": memory, "nice": nice})
        send_handle(self._channel, theirs.fileno(), self._process.pid)
        pid: int = self._hear()["pid"]
        return pid

    def _end(self) -> None:
        """End the process, if it has not ended yet; the kernel ends the workers with it."""
        self._channel.close()
        with suppress(ValueError):  # it is closed already
            self._process.kill()
            self._process.join()
            self._process.close()

    def _tell(self, message: dict[str, Any]) -> None:
        self._channel.send_bytes(json.dumps(message).encode())

    def _hear(self) -> dict[str, Any]:
        try:
            told: dict[str, Any] = json.loads(self._channel.recv_bytes())
        except EOFError as error:
            raise ConnectionError("the process that holds the graph has ended") from error
        return told


def _first(channel: socket.socket) -> bytes:
    """Read the first message of a worker, which it sends by itself."""
    with Connection(os.dup(channel.fileno())) as connection:
        try:
            return connection.recv_bytes()
        except EOFError as error:
            raise ConnectionError("a worker ended as it began") from error


def _run(channel: Connection, source: Source, listening: tuple[str, int], parent: int) -> None:
    """Be the zygote: read the graph, then fork and kill workers as told, until told no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the parent to end on Control-C
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_parent(parent)

    def tell(message: dict[str, Any]) -> None:
        channel.send_bytes(json.dumps(message).encode())

    def reading(path: Path) -> None:
        tell({"reading": path.as_posix()})

    try:
        limit_memory(_READING_MEMORY + _IN_MEMORY * sum(f.stat().st_size for f in source.files))
        store = None if source.folder else MemoryStore(list(source.files), reading=reading)
        if source.folder:
            DiskStore(source.folder)  # what is wrong with it is told now, not by each worker
    except KgError as error:
        tell({"what": error.what, "where": error.where, "fix": error.fix})
        return
    except (OSError, MemoryError) as error:
        tell({"what": f"it cannot be read: {error}", "where": "", "fix": "check names and rights"})
        return
    tell({"ready": True})
    children: set[int] = set()
    own = os.getpid()
    while True:
        try:
            told = json.loads(channel.recv_bytes())
        except (EOFError, OSError):
            return  # the kernel ends the workers with it
        if told["do"] == "start":
            handle = recv_handle(channel)
            pid = os.fork()
            if not pid:
                channel.close()
                _be_worker(handle, store, source, listening, told, own)
            os.close(handle)
            children.add(pid)
            tell({"pid": pid})
        else:
            # Not one of a zygote before this, whose number may be that of another program by now.
            if told["pid"] in children:
                os.kill(told["pid"], signal.SIGKILL)
                os.waitpid(told["pid"], 0)
                children.remove(told["pid"])
            tell({})


def _be_worker(
    handle: int,
    store: LocalStore | None,
    source: Source,
    listening: tuple[str, int],
    told: dict[str, Any],
    zygote: int,
) -> None:
    """Be a worker until hung up on, and never come back to the code of the zygote."""
    try:
        end_with_parent(zygote)
        give_way(told["nice"])
        give_memory_back()
        # RocksDB keeps threads, which a fork would lose: each worker opens a store on disk itself.
        own = store or DiskStore(source.folder or Path())
        alone = leave_network(listening)
        limit_memory(told["memory"])
        with Connection(handle) as channel:
            channel.send_bytes(json.dumps({"alone": alone}).encode())
            work(channel, own)
    except BaseException as error:
        print(f"kg: a worker ended: {error!r}", file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)
