"""What `generate.py` makes graphs of: claims and works that take after the shipped ones."""

import random
from collections import defaultdict, deque
from collections.abc import Iterator
from itertools import count

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from kg.project import Project
from kg.terms import BASE, PREFIXES

# What each review tells of for itself; all else in the data is background that reviews share.
OF_A_REVIEW = {"Statement", "Passage", "EvidenceLine", "Quantity", "Disagreement", "UncodedSpan"}
PARTS = {"passage", "evidence", "quantity"}
RELATIONS = {"supports", "qualifies", "elaborates", "followsFrom", "repeats"}
# Facts that can only be those of one real work.
OF_ONE_WORK = {"title", "creator", "bibliographicCitation", "isbn", "identifier", "seeAlso"}
LEFT_OUT = {"void", "dcat", "dqv"}  # descriptions of the shipped data alone
CLAIMS = (60, 300)  # of a review, at least and at most
RECENT = 300  # how far back a claim looks for one to relate to, which may be of an earlier review
NEW_WORK = 0.3  # how often a work is cited that no review cited before
DISAGREES, UNCODED = 0.05, 0.5  # how often a claim does, and how often a gap follows its passage

Group = list[Triple]


def node(name: str) -> NamedNode:
    return NamedNode(f"{BASE}{name}")


def kg(name: str) -> NamedNode:
    return node(f"ontology#{name}")


A, LABEL = NamedNode(f"{PREFIXES['rdf']}type"), NamedNode(f"{PREFIXES['rdfs']}label")
DESCRIBED = NamedNode(f"{PREFIXES['dcterms']}description")
STANDS_IN = NamedNode(f"{PREFIXES['oa']}hasSource")


def local(term: NamedNode) -> str:
    return term.value.replace("#", "/").rpartition("/")[2]


class Shipped:
    """The shipped graph as samples to draw from: claims with their parts, works, background."""

    def __init__(self) -> None:
        project = Project()
        groups: dict[NamedNode, Group] = defaultdict(list)
        for path in project.data_files():
            for quad in parse(path=path, format=RdfFormat.TURTLE):
                groups[quad.subject].append(quad.triple)
        kinds = {s: {t.object for t in group if t.predicate == A} for s, group in groups.items()}
        of_reviews = {kg(name) for name in OF_A_REVIEW}
        left_out = tuple(PREFIXES.get(name, "-") for name in LEFT_OUT)
        self.claims: list[Group] = []
        self.works: list[Group] = []
        self.background: Group = []
        for subject, group in groups.items():
            if kg("Statement") in kinds[subject]:
                parts = [t.object for t in group if local(t.predicate) in PARTS]
                self.claims.append([*group, *(t for part in parts for t in groups[part])])
            elif kg("Source") in kinds[subject]:
                self.works.append(group)
            elif not kinds[subject] & of_reviews and not any(
                kind.value.startswith(left_out) for kind in kinds[subject]
            ):
                self.background += group
        self.sources = {group[0].subject for group in self.works}
        self.events = [s for s in groups if kg("PolicyEvent") in kinds[s]]
        labels = (
            quad.object.value
            for path in project.vocabulary_files()
            for quad in parse(path=path, format=RdfFormat.TURTLE)
            if quad.predicate == LABEL
        )
        self.words = sorted({word for label in labels for word in label.split()})


class Maker:
    """One graph in the making."""

    def __init__(self, seed: int, name: str = "made") -> None:
        self.shipped = Shipped()
        self.name = name  # that of each review and work begins so
        self.random = random.Random(seed)
        self.numbers = count(1)
        self.cited: list[NamedNode] = []  # a work as often as it was cited
        self.recent: deque[tuple[NamedNode, bool]] = deque(maxlen=RECENT)  # and whether it repeats
        self.place = 0  # where the next passage begins in the text of its review

    def graph(self) -> Iterator[Triple]:
        yield from self.shipped.background
        for number in count(1):
            name = f"{self.name}-{number}"
            review = node(f"source/{name}")
            yield from self.review(review, f"Made-up review {number}")
            disagreements = count(1)
            for claim in range(1, self.random.randint(*CLAIMS) + 1):
                yield from self.claim(f"{name}-{claim:03}", review)
                if self.random.random() < DISAGREES and len(self.recent) > 1:
                    yield from self.disagreement(f"{name}-d{next(disagreements):02}")
                if self.random.random() < UNCODED:
                    yield from self.uncoded(f"{name}-u{claim:03}", review)

    def review(self, review: NamedNode, label: str) -> Iterator[Triple]:
        yield from self.work(review, label)
        yield Triple(review, kg("baseline"), self.random.choice(self.shipped.events))
        yield Triple(review, kg("textDigest"), Literal(self.digest()))
        self.place = 0

    def work(self, work: NamedNode, label: str) -> Iterator[Triple]:
        yield Triple(work, LABEL, Literal(label, language="en"))
        for t in self.random.choice(self.shipped.works):
            if local(t.predicate) not in {*OF_ONE_WORK, "label", "baseline", "textDigest"}:
                yield Triple(work, t.predicate, self.reworded(t.object))

    def cite(self, but: NamedNode | None = None) -> Iterator[Triple]:
        """Choose a work, the last of `cited` from then on; give its facts if it is new."""
        again = [] if self.random.random() < NEW_WORK else self.cited
        work = self.random.choice(again) if again else None
        if work is None or work == but:
            number = next(self.numbers)
            work = node(f"source/{self.name}-work-{number}")
            yield from self.work(work, f"Made-up work {number}")
        self.cited.append(work)

    def claim(
        self, name: str, review: NamedNode, among: list[Group] | None = None
    ) -> Iterator[Triple]:
        sample = self.random.choice(among or self.shipped.claims)
        own, old = node(f"statement/{name}"), local(sample[0].subject)
        related: set[NamedNode] = set()
        repeats = False
        length, original = 0, None
        for t in sample:
            subject, thing, what = self.renamed(t.subject, old, name), t.object, local(t.predicate)
            if what in RELATIONS or (what == "respondsTo" and "/statement/" in thing.value):
                earlier = [s for s, again in self.recent if s not in related and not again]
                if not earlier:
                    continue
                thing = self.random.choice(earlier)
                related.add(thing)
                repeats = repeats or what == "repeats"
            elif what in {"original", "relayedBy"} or thing in self.shipped.sources:
                if what in {"statedIn", "hasSource"}:
                    thing = review
                else:
                    yield from self.cite(original)
                    thing = original = self.cited[-1]
            elif what == "start":
                length = -int(thing.value)
                thing = Literal(self.place)
            elif what == "end":
                self.place += length + int(thing.value)
                thing = Literal(self.place)
            elif what == "passageDigest":
                thing = Literal(self.digest())
            elif what in {"firstWords", "lastWords"}:
                thing = Literal(" ".join(self.random.choices(self.shipped.words, k=3)))
            else:
                thing = self.renamed(self.reworded(thing), old, name)
            yield Triple(subject, t.predicate, thing)
        self.recent.append((own, repeats))
        self.related = related

    def disagreement(self, name: str) -> Iterator[Triple]:
        """Let the last claim pull apart from an earlier one that it has nothing else to do with."""
        last, _ = self.recent[-1]
        others = [s for s, _ in list(self.recent)[:-1] if s not in self.related]
        if others:
            own = node(f"disagreement/{name}")
            yield Triple(own, A, kg("Disagreement"))
            yield Triple(own, LABEL, self.text(40))
            yield Triple(own, DESCRIBED, self.text(120))
            yield Triple(own, kg("differsIn"), node("difference/unknown"))
            yield Triple(own, kg("between"), last)
            yield Triple(own, kg("between"), self.random.choice(others))

    def uncoded(self, name: str, review: NamedNode) -> Iterator[Triple]:
        own, start = node(f"span/{name}"), self.place
        self.place += self.random.randint(20, 600)
        yield Triple(own, A, kg("UncodedSpan"))
        yield Triple(own, LABEL, self.text(30))
        yield Triple(own, STANDS_IN, review)
        yield Triple(own, kg("section"), Literal("es.1.1"))
        yield Triple(own, kg("reason"), self.text(30))
        yield Triple(own, kg("start"), Literal(start))
        yield Triple(own, kg("end"), Literal(self.place))

    def renamed(self, term: NamedNode | Literal, old: str, new: str) -> NamedNode | Literal:
        if isinstance(term, NamedNode) and old in term.value:
            return NamedNode(term.value.replace(old, new))
        return term

    def reworded(self, term: NamedNode | Literal) -> NamedNode | Literal:
        """Put made-up words in place of a text for people."""
        is_text = isinstance(term, Literal) and term.language
        return self.text(len(term.value)) if is_text else term

    def text(self, length: int) -> Literal:
        """Make a text of the words of the vocabulary, at most as long."""
        words = self.random.choices(self.shipped.words, k=length // 6 + 1)
        return Literal(" ".join(words)[:length].strip() or words[0], language="en")

    def digest(self) -> str:
        return f"{self.random.getrandbits(256):064x}"
