"""Where ontology/, data/triples/, queries/ and viz/ are, and what files they hold."""

import os
from importlib.resources import files
from pathlib import Path

from kg.errors import KgError, UnknownName
from kg.files import walk_folder
from kg.journal import recover
from kg.terms import nearest_of

# How files of triples end, of which Turtle alone is read.
_TRIPLES = {".ttl", ".nt", ".n3", ".nq", ".trig", ".rdf", ".owl", ".jsonld"}


def shipped_home() -> Path:
    """Give the folder that came with the program: the wheel's copy, else the checkout.

    Raises:
        KgError: neither is there (a broken installation).
    """
    package = Path(str(files("kg")))
    for home in (package / "_files", package.parent.parent):
        if (home / "ontology" / "kg.ttl").is_file():
            return home
    raise KgError("the program's own ontology/ is missing", fix="install evidence-kg again")


def start_home(folder: Path, *, uncoded: bool = False) -> list[Path]:
    """Write a home to begin from: a sample with themes and agencies of its own, and its text.

    Args:
        folder: where it goes; it is new, or empty.
        uncoded: leave the coding of the sample out, to be done by whoever learns from it.

    Raises:
        KgError: there is something in the folder already, or it cannot be written.
    """
    starter = Path(str(files("kg"))) / "starter"
    coding = starter / "data" / "triples"
    left_out = {path for path in coding.rglob("*.ttl") if uncoded and path.name != "dataset.ttl"}
    chosen = sorted(path for path in starter.rglob("*.*") if path.is_file())
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise KgError(
                "there is something here already",
                where=folder.as_posix(),
                fix="give the name of a new folder",
            )
        written = [(path, folder / path.relative_to(starter)) for path in chosen]
        for path, copy in written:
            if path not in left_out:
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
    except OSError as error:
        raise KgError(
            f"it cannot be written: {error.strerror}",
            where=folder.as_posix(),
            fix="check name and rights",
        ) from error
    return [copy for path, copy in written if path not in left_out]


class Project:
    """The folders a command works on.

    A home is a folder laid out like this repository. It must hold `data/triples/`. Of
    `ontology/`, `queries/` and `viz/` it need hold only what differs: to its own files are added
    those that came with the program, except where its own have the same name. A home with an
    `ontology/kg.ttl` of its own has another model: of it, each folder that is there is used whole.

    Args:
        home: the folder; without one, the environment variable `KG_HOME`, else what was shipped.

    Raises:
        KgError: the folder does not exist or holds no `data/triples/`.

    Example:
        >>> project = Project()
        >>> [path.name for path in project.files("ontology", "kg.ttl")]
        ['kg.ttl']
    """

    def __init__(self, home: Path | None = None) -> None:
        named = home or (Path(os.environ["KG_HOME"]) if os.environ.get("KG_HOME") else None)
        self.home = named or shipped_home()
        if not (self.home / "data" / "triples").is_dir():
            raise KgError(
                "there is no data/triples/ in this home",
                where=self.home.as_posix(),
                fix="give a folder that holds data/triples/ with --home or KG_HOME",
            )

    def check_own(self) -> None:
        """Refuse to change the data that were installed with the program.

        Raises:
            KgError: the home lies inside the installed package.
        """
        if self.home.is_relative_to(Path(__file__).parent):
            raise KgError(
                "the data that came with the program are not changed",
                where=self.home.as_posix(),
                fix="copy its data/ to a folder of yours, and name that with --home",
            )

    def files(self, folder: str, pattern: str) -> list[Path]:
        """List the files of a folder that match a glob pattern, in a stable order."""
        recover(self.home)
        other_model = (self.home / "ontology" / "kg.ttl").is_file()
        whole = other_model and (self.home / folder).is_dir()
        homes = [self.home] if whole else [shipped_home(), self.home]
        found = {
            path.relative_to(home): path for home in homes for path in (home / folder).glob(pattern)
        }
        return [found[name] for name in sorted(found, key=lambda name: name.as_posix())]

    def data_files(self) -> list[Path]:
        """List the Turtle files that stewards write, under `data/triples/`, through links too.

        A change of them that was cut off is undone first: no half of it is ever read.

        Raises:
            KgError: that cannot be done.
        """
        recover(self.home)
        found = walk_folder(self.home / "data" / "triples")
        return sorted((p for p in found if p.suffix == ".ttl"), key=Path.as_posix)

    def vocabulary_files(self) -> list[Path]:
        """List the ontology and its concept schemes."""
        return [*self.files("ontology", "kg.ttl"), *self.files("ontology", "vocab/*.ttl")]

    def shape_files(self) -> list[Path]:
        """List the SHACL shapes."""
        return self.files("ontology", "shapes/*.ttl")

    def unread_files(self) -> list[Path]:
        """List what looks like triples where data and shapes are, but stands or ends otherwise."""
        folders = (self.home / "data" / "triples", self.home / "ontology" / "shapes")
        found = {path for folder in folders if folder.is_dir() for path in walk_folder(folder)}
        unread = found.difference(self.data_files(), self.shape_files())
        return sorted(path for path in unread if path.suffix.lower() in _TRIPLES)

    def graph_files(self) -> list[Path]:
        """List every file that makes up the graph that queries are asked of."""
        return [*self.vocabulary_files(), *self.data_files()]

    def named_file(self, folder: str, name: str, suffix: str) -> Path:
        """Find the file for an id such as a saved query's.

        Raises:
            UnknownName: no file has that id; the nearest ids are named.
        """
        found = {path.stem: path for path in self.files(folder, f"*{suffix}")}
        if name not in found:
            kind = {"queries": "saved query", "viz": "view"}.get(folder, "file")
            raise UnknownName(
                f"there is no {kind} called {name!r}", fix=f"try {nearest_of(name, found)}"
            )
        return found[name]

    def shown(self, path: Path) -> str:
        """Write a path as people know it: relative to where they stand, or to the home."""
        path = path.absolute()
        for root in (Path.cwd(), self.home, shipped_home()):
            if path.is_relative_to(root):
                return path.relative_to(root).as_posix()
        return path.as_posix()
