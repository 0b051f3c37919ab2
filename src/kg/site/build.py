"""Write the site: one folder of pages that opens from a memory stick, with no network."""

from importlib.resources import files
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg import __version__
from kg.errors import KgError
from kg.project import Project
from kg.queries import USERS
from kg.results import render
from kg.site.cells import REASONS, Cell, cell
from kg.site.evidence import RELATIONS, Claim, Evidence, distinct, folder_of
from kg.site.questions import Question, questions
from kg.store import Store
from kg.terms import curie, expand, local_name

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
# How a relation reads from its other end.
_BACK = {
    "supports": "Supported by",
    "qualifies": "Qualified by",
    "elaborates": "Elaborated by",
    "followsFrom": "What follows from it",
    "respondsTo": "Answered by",
    "repeats": "Said again in",
}
_AHEAD = {
    "supports": "Supports",
    "qualifies": "Qualifies",
    "elaborates": "Elaborates",
    "followsFrom": "Follows from",
    "respondsTo": "Responds to",
    "repeats": "Says again",
}
_BUBBLE = 20.0  # radius of the largest bubble of the map, in pixels


def build_site(project: Project, store: Store, folder: Path) -> list[Path]:
    """Write every page of the site into a folder.

    Args:
        project: whose graph and views.
        store: the graph to ask.
        folder: where the site goes; pages that are there are written over.

    Returns:
        The files, in the order in which they were written; `index.html` is the first.

    Raises:
        KgError: the graph holds no statement, or a file cannot be written.
    """
    evidence = Evidence.of(store)
    if not evidence.claims:
        raise KgError(
            "the graph holds no statement, so there is nothing to tell",
            where=project.home.as_posix(),
            fix="add a review first: docs/add-a-review.md says how",
        )
    pages = _Pages(evidence, folder)
    pages.write_all(questions(project, store))
    return pages.written


class _Pages:
    def __init__(self, evidence: Evidence, folder: Path) -> None:
        self.evidence = evidence
        self.folder = folder
        self.written: list[Path] = []
        self.environment = self._environment()
        prefixes = {prefix: folder for prefix, (folder, _, _) in THINGS.items()}
        self.addresses = {c.iri: f"claim/{c.name}.html" for c in evidence.claims}
        for iri in evidence.told:
            prefix = folder_of(iri)
            if prefix in prefixes and evidence.links(iri, "rdfs:label"):
                self.addresses[iri] = f"{prefixes[prefix]}/{local_name(iri)}.html"

    def write_all(self, asked: list[Question]) -> None:
        e = self.evidence
        cells = self._cells()
        largest = max(len(each.claims) for row in cells.values() for each in row.values()) or 1
        things = {
            prefix: sorted(
                (i for i in self.addresses if folder_of(i) == prefix),
                key=lambda iri: (e.label(iri).casefold(), iri),
            )
            for prefix in THINGS
        }
        common = {"things": things, "cells": cells, "themes": self._themes()}
        self._page(
            "index.html",
            "home",
            "What the evidence says",
            questions=[each for each in asked if "policy team" in each.query.users],
            limits=[c for c in distinct(e.claims) if c.kind == expand("kg:Limitation")],
            **common,
        )
        self._page(
            "map.html",
            "map",
            "Evidence map",
            reasons=REASONS,
            radius=lambda many: round(_BUBBLE * sqrt(many / largest), 1),
            **common,
        )
        for row in cells.values():
            for each in row.values():
                title = f"{e.label(each.agency)}: {e.label(each.theme)}"
                self._page(each.address, "cell", title, cell=each, reasons=REASONS)
        self._page("claims.html", "claims", "All claims", claims=e.claims, kinds=e.kinds)
        self._page("disagreements.html", "disagreements", "Disagreements")
        for claim in e.claims:
            self._page(
                self.addresses[claim.iri],
                "claim",
                claim.label,
                claim=claim,
                relations=self._relations(claim),
                disagreements=[d for d in e.disagreements if claim.iri in d.between],
            )
        for prefix, iris in things.items():
            _, singular, plural = THINGS[prefix]
            self._page(f"{prefix}-list.html", "list", plural, iris=iris)
            for iri in iris:
                self._page(
                    self.addresses[iri],
                    "thing",
                    e.label(iri),
                    iri=iri,
                    singular=singular,
                    prefix=prefix,
                    claims=distinct(e.naming(iri)),
                    row=cells.get(iri, {}),
                )
        self._questions(asked)
        for name in ("vendor/govuk.css", "site.css"):
            text = (files("kg") / "static" / name).read_text(encoding="utf-8")
            self._write(Path(name).name, text)

    def _questions(self, asked: list[Question]) -> None:
        asked_by = {user: [q for q in asked if user in q.query.users] for user in USERS}
        self._page("questions.html", "questions", "Questions", asked_by=asked_by)
        for question in asked:
            title = question.query.question
            first = f"question/{question.query.id}.html"
            if first not in [answer.address for answer in question.answers]:
                self._page(first, "question", title, question=question, answer=None)
            for answer in question.answers:
                self._page(answer.address, "question", title, question=question, answer=answer)
                for form in ("csv", "json"):
                    content = render(answer.table, form).decode()
                    self._write(f"{answer.address.removesuffix('html')}{form}", content)

    def _cells(self) -> dict[str, dict[str, Cell]]:
        front = self.evidence.links(expand("collection:front-line-agencies"), "skos:member")
        agencies = sorted(self.evidence.of_class("kg:Agency"), key=lambda iri: iri not in front)
        return {a: {t: cell(self.evidence, a, t) for t in self._themes()} for a in agencies}

    def _themes(self) -> list[str]:
        """The top themes; narrower ones are told under them."""
        themes = self.evidence.of_class("kg:Theme")
        return [iri for iri in themes if not self.evidence.links(iri, "skos:broader")]

    def _relations(self, claim: Claim) -> list[tuple[str, list[str]]]:
        found: dict[str, list[str]] = {}
        for relation, other in claim.links:
            found.setdefault(_AHEAD[relation], []).append(other)
        for other_claim in self.evidence.claims:
            for relation, other in other_claim.links:
                if other == claim.iri:
                    found.setdefault(_BACK[relation], []).append(other_claim.iri)
        order = [*map(_AHEAD.get, RELATIONS), *map(_BACK.get, RELATIONS)]
        return sorted(found.items(), key=lambda pair: order.index(pair[0]))

    def _environment(self) -> "Environment":
        from jinja2 import Environment, PackageLoader, StrictUndefined

        return Environment(
            loader=PackageLoader("kg", "templates/site"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )

    def _page(self, address: str, template: str, title: str, **more: Any) -> None:
        up = "../" * address.count("/")
        text = self.environment.get_template(f"{template}.html.j2").render(
            e=self.evidence,
            title=title,
            here=address,
            up=up,
            version=__version__,
            dataset=next(iter(self.evidence.of_class("dcat:Dataset")), ""),
            address=lambda iri: f"{up}{self.addresses[iri]}" if iri in self.addresses else "",
            curie=curie,
            **more,
        )
        self._write(address, text)

    def _write(self, address: str, text: str) -> None:
        path = self.folder / address
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise KgError(
                f"it cannot be written: {error.strerror}",
                where=path.as_posix(),
                fix="check name and rights",
            ) from error
        self.written.append(path)
