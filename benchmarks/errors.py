"""The errors of `generate.py --errors`: things that are made like the others of the graph, and then
broken in each way that `error_kinds.py` knows.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

from error_kinds import Kind, Sample, iri, kinds, values
from maker import A, Group, Maker, node
from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from kg.project import Project

# The statement and its parts, with the path that leads to each from some part of a claim.
PARTS = {
    "kg:Statement": "^kg:statedIn",
    "kg:Passage": "kg:passage",
    "kg:EvidenceLine": "kg:evidence",
    "kg:Quantity": "kg:quantity",
}
IN_PIECES = {"PassagePieces/or", "check-piece-number"}  # made of a claim with several passages


def read(paths: Iterable[Path]) -> Group:
    quads = (quad for path in paths for quad in parse(path=path, format=RdfFormat.TURTLE))
    return [quad.triple for quad in quads]


class Error(NamedTuple):
    """One error: its kind, the thing that is wrong, and the triples to be added."""

    kind: str
    focus: str
    triples: Group


class FlawedReview:
    """A review that is right, and the errors beside it."""

    def __init__(self, seed: int) -> None:
        self.maker = Maker(seed, "flawed")
        self.numbers = count(1)
        self.review = node("source/flawed-1")
        project = Project()
        self.kinds = list(kinds(project))
        vocabulary = read(project.vocabulary_files())
        self.things: dict[NamedNode, Group] = defaultdict(list)
        for triple in [*read(project.data_files()), *vocabulary]:
            self.things[triple.subject].append(triple)
        self.right = [*self.maker.review(self.review, "Flawed review")]
        self.right += [triple for metric in self.of("dqv:Metric") for triple in metric]
        # One claim at least for each property that claims have: errors lean on them.
        for sample in self.maker.shipped.claims:
            if {t.predicate for t in sample} - {t.predicate for t in self.right}:
                self.right += self.claim([sample])
        self.around = [*self.right, *self.maker.shipped.background, *vocabulary]
        # Last, for dates and the like that the works made so far do not have.
        self.around += [triple for work in self.maker.shipped.works for triple in work]

    def errors(self, of_each_kind: int) -> Iterator[Error]:
        for _ in range(of_each_kind):
            for kind in self.kinds:
                sample = Sample(*self.sample(kind), self.around)
                sample.break_(kind.way)
                yield Error(kind.name, sample.focus.value, sample.triples)

    def of(self, kind: str) -> list[Group]:
        """Give the shipped things of a class."""
        wanted = iri(kind)
        return [
            group
            for group in self.things.values()
            if any(t.predicate == A and t.object == wanted for t in group)
        ]

    def claim(self, among: list[Group]) -> Group:
        return list(self.maker.claim(f"flawed-1-{next(self.numbers):03}", self.review, among))

    def sample(self, kind: Kind) -> tuple[NamedNode, Group]:
        """Make a thing of a class that is right, the first of what comes with it."""
        if kind.of in PARTS:
            return self.part(PARTS[kind.of], at_least=2 if kind.name in IN_PIECES else 1)
        number = next(self.numbers)
        if kind.of == "kg:Source":
            made = list(self.maker.work(node(f"source/flawed-{number}"), "Flawed work"))
        elif kind.of == "kg:Disagreement":
            made = list(self.maker.disagreement(f"flawed-1-d{number}"))
        elif kind.of == "kg:UncodedSpan":
            made = list(self.maker.uncoded(f"flawed-1-u{number}", self.review))
        else:
            made = self.copy(self.maker.random.choice(self.of(kind.of)), number)
            if kind.of == "prov:Activity":  # a coding round is what a statement comes from
                statement = values(self.right, "^kg:statedIn")[0]
                made.append(Triple(statement, iri("prov:wasGeneratedBy"), made[0].subject))
        return made[0].subject, made

    def part(self, link: str, at_least: int) -> tuple[NamedNode, Group]:
        """Make a claim that has so many of a part, for one of them or for itself."""
        enough = [c for c in self.maker.shipped.claims if len(values(c, link)) >= at_least]
        made = self.claim(enough)
        self.maker.recent.pop()  # no later claim relates to what will be wrong
        return values(made, link)[0], made

    def copy(self, group: Group, number: int) -> Group:
        old = group[0].subject
        new = NamedNode(f"{old.value}-flawed-{number}")
        return [Triple(*(new if term == old else term for term in triple)) for triple in group]
