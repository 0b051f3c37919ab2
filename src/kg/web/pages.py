"""The pages that are made once, when a server starts, by a process of their own."""

import asyncio
import os
import signal
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from kg.errors import KgError
from kg.project import Project
from kg.site.build import build_site
from kg.site.pages import Site
from kg.store import Store, open_store
from kg.web.asking import Asked
from kg.web.isolation import end_with_parent, give_way
from kg.web.live import Live
from kg.web.replies import NotHere, NotReady

_PATIENCE = 15  # by how much making pages lets answers go first, also those to strangers
_MADE = 0.2  # seconds between two looks at whether the pages are made
_AGAIN = 30  # seconds until an endpoint that failed is asked once more


@dataclass(frozen=True)
class Place:
    """Where the graph is: the files of a home, unless a store on disk or an endpoint is named."""

    home: Path
    folder: Path | None = None
    endpoint: str | None = None

    def store(self) -> Store:
        """Open the graph in this process.

        Raises:
            KgError: it cannot be read.
        """
        return open_store(Project(self.home), self.endpoint, self.folder)


class Pages:
    """The pages of the site in a folder of their own, and those made when they are asked for.

    Args:
        place: where the graph is.
        store: the same graph, as the server asks it.
        told: is told how it goes.
    """

    def __init__(self, place: Place, store: Asked, told: Callable[[str], None]) -> None:
        self._place = place
        self._store = store
        self._tell = told
        self._folder = tempfile.TemporaryDirectory(prefix="kg-pages-")
        # Styles and scripts are there before the pages are.
        static: list[str | tuple[str, str]] = [("kg", "static"), ("kg", "static/vendor")]
        self._files = StaticFiles(directory=self._folder.name, packages=static)
        self._live: Live | None = None
        self._problem = ""
        self.state = "being made"
        self._begin()

    async def make(self) -> None:
        """Wait until the pages are made, and meanwhile read what those made later need.

        An endpoint that fails meanwhile is asked again after a while.
        """
        while True:
            self._problem = await self._made()
            self.state = "missing" if self._problem else "made"
            self._tell(f"the pages are {self.state}{': ' if self._problem else ''}{self._problem}")
            if not self._problem or not self._place.endpoint:
                return
            await asyncio.sleep(_AGAIN)
            self.state = "being made"
            self._channel.close()
            self._begin()

    def _begin(self) -> None:
        spawn = get_context("spawn")
        self._channel, theirs = spawn.Pipe(duplex=False)
        self._process = spawn.Process(
            target=_make,
            args=(theirs, self._place, Path(self._folder.name), os.getpid()),
            daemon=True,
            name="kg-pages",
        )
        self._process.start()
        theirs.close()

    async def _made(self) -> str:
        """Wait for the end of the making, and tell what went wrong, if anything did."""
        problem = ""
        try:
            self._live = self._live or await asyncio.to_thread(self._gather)
        except KgError as error:
            problem = str(error)
        except Exception as error:  # else nobody would be told, and all would wait for ever
            problem = f"a fault of the server: {error!r}"
        while not self._channel.poll():
            await asyncio.sleep(_MADE)
        try:
            problem = self._channel.recv_bytes().decode() or problem
        except (EOFError, OSError):
            problem = "the process that makes the pages has ended"
        while self._process.exitcode is None:  # looking at it is what takes the ended process away
            await asyncio.sleep(_MADE)
        return problem

    @property
    def live(self) -> Live:
        """The pages made when they are asked for.

        Raises:
            NotReady: what they need is still being read, or could not be.
        """
        if self._live is None:
            raise self._not_ready()
        return self._live

    async def file(self, address: str, request: Request) -> Response:
        """Send a page or a file of the site.

        Raises:
            NotReady: it is not made yet.
            NotHere: the site has none of that address.
        """
        try:
            return await self._files.get_response(address or "index.html", request.scope)
        except HTTPException as error:
            if self.state != "made":
                raise self._not_ready() from error
            raise NotHere(
                "there is no page at this address", fix="check it for a slip of the pen"
            ) from error

    def close(self) -> None:
        """End the making, and take the pages away."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self._channel.close()
        self._folder.cleanup()

    def _gather(self) -> Live:
        project = Project(self._place.home)
        site = Site(project, self._store, Path(self._folder.name), served=True)
        return Live(site, self._store)

    def _not_ready(self) -> NotReady:
        if self._problem:
            return NotReady(f"there are no pages: {self._problem}", fix="mend it and start anew")
        return NotReady("this page is being made", fix="look again in a few seconds")


def _make(channel: Connection, place: Place, folder: Path, parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(parent)
    give_way(_PATIENCE)
    try:
        build_site(Project(place.home), place.store(), folder, served=True)
    except KgError as error:
        channel.send_bytes(str(error).encode())
    else:
        channel.send_bytes(b"")
