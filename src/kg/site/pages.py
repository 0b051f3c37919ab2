"""One folder of pages: where each thing has its page, and how a page is filled and written."""

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg import __version__
from kg.errors import KgError
from kg.project import Project
from kg.sections import section_in_words
from kg.site.answers import row_id
from kg.site.currency import before_baseline
from kg.site.evidence import Evidence, folder_of
from kg.site.words import in_claims
from kg.store import Store
from kg.terms import curie, local_name

if TYPE_CHECKING:
    from jinja2 import Environment

# The kinds of things that have a page of their own: prefix, folder, and what they are called.
THINGS = {
    "agency": ("agency", "Agency", "Agencies"),
    "theme": ("theme", "Theme", "Themes"),
    "source": ("work", "Work", "Works"),
    "organisation": ("organisation", "Body", "Bodies"),
    "event": ("event", "Event", "Events"),
    "profession": ("profession", "Profession", "Professions"),
    "group": ("group", "Group of people", "Groups of people"),
    "instrument": ("instrument", "Tool or process", "Tools and processes"),
}
# Every file that the build wrote, one a line.
_LISTING = "files.txt"


class Site:
    """A site that is being written.

    Args:
        project: whose graph, queries and views.
        store: the graph to ask.
        folder: where the site goes; pages that are there are written over.
        served: whether its pages come from a server, which can be asked more than they hold.

    Attributes:
        evidence: what the graph says.
        addresses: where the page of a claim or thing is, from the top of the site, by IRI.
        things: the IRIs of each kind of `THINGS`, by label.
        written: the files, in the order in which they were written.

    Raises:
        KgError: a claim has an IRI that is not as those of statements are.
    """

    def __init__(
        self, project: Project, store: Store, folder: Path, *, served: bool = False
    ) -> None:
        self.project = project
        self.store = store
        self.folder = folder
        self.served = served
        self.evidence = e = Evidence.of(store)
        self.written: dict[Path, None] = {}  # in order, each once
        for claim in e.claims:
            if folder_of(claim.iri) != "statement":
                raise KgError(
                    f"{claim.iri} has no id of ours, so its page could not be told from others",
                    where=project.home.as_posix(),
                    fix="write it as statement:<review>-<number>; kg validate names every such id",
                )
        self.addresses = {c.iri: f"claim/{c.name}.html" for c in e.claims}
        for iri in e.told:
            prefix = folder_of(iri)
            if prefix in THINGS and e.links(iri, "rdfs:label"):
                self.addresses[iri] = f"{THINGS[prefix][0]}/{local_name(iri)}.html"
        self.things = {
            prefix: sorted(
                (i for i in self.addresses if folder_of(i) == prefix),
                key=lambda iri: (e.label(iri).casefold(), iri),
            )
            for prefix in THINGS
        }
        self._environment = self._templates()

    def page(self, address: str, template: str, title: str, **more: Any) -> None:
        """Fill a template of `templates/site/` and write it.

        Args:
            address: where the page goes, from the top of the site.
            template: its name, without `.html.j2`.
            title: what it is called.
            **more: what else the template is told.
        """
        self.write(address, self.filled(address, template, title, **more))

    def filled(self, address: str, template: str, title: str, **more: Any) -> str:
        """Fill a template and give the page (see `page`)."""
        found = self._environment.get_template(f"{template}.html.j2")
        return found.render(self.frame(address), title=title, **more)

    def frame(self, address: str) -> dict[str, Any]:
        """Say what the template of every page is told, for its head and foot and for links.

        Args:
            address: where the page goes, from the top of the site.
        """
        up = "../" * address.count("/")
        return {
            "e": self.evidence,
            "here": address,
            "served": self.served,
            "up": up,
            "version": __version__,
            "dataset": next(iter(self.evidence.of_class("dcat:Dataset")), ""),
            "address": lambda iri: f"{up}{self.addresses[iri]}" if iri in self.addresses else "",
        }

    def write(self, address: str, content: str | bytes) -> None:
        """Write a file of the site.

        Raises:
            KgError: it cannot be written.
        """
        path = self.folder / address
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Moved into place, so that nobody who reads while it is written finds half a page.
            part = path.with_name(f".{path.name}.part")
            part.write_bytes(content.encode() if isinstance(content, str) else content)
            part.replace(path)
        except OSError as error:
            raise KgError(
                f"it cannot be written: {error.strerror}",
                where=path.as_posix(),
                fix="check name and rights",
            ) from error
        self.written[path] = None

    def finish(self) -> None:
        """Take away what an earlier build wrote here and this one did not, and list what it wrote.

        A page of a claim that is gone from the graph would otherwise still be found.
        """
        listing = self.folder / _LISTING
        now = {path.relative_to(self.folder).as_posix() for path in self.written}
        before = listing.read_text(encoding="utf-8").splitlines() if listing.is_file() else []
        for address in set(before) - now:
            old = self.folder / address
            # The list may have been edited: nothing outside the folder is touched.
            if old.resolve().is_relative_to(self.folder.resolve()) and old.is_file():
                old.unlink()
        self.write(_LISTING, "".join(f"{address}\n" for address in sorted(now)))

    def copy(self, names: Iterable[str]) -> None:
        """Copy files of `static/` to the top of the site."""
        for name in names:
            self.write(Path(name).name, (files("kg") / "static" / name).read_bytes())

    def _templates(self) -> "Environment":
        from jinja2 import Environment, PackageLoader, StrictUndefined

        environment = Environment(
            loader=PackageLoader("kg", "templates/site"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        environment.globals.update(
            curie=curie,
            before_baseline=before_baseline,
            row_id=row_id,
            section_in_words=section_in_words,
        )
        environment.filters["in_claims"] = in_claims
        return environment
