"""The timeline: what happened when, as a drawing in lanes and as a table that says the same."""

from calendar import isleap
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from math import ceil, sqrt

from kg.site.dates import days, spoken
from kg.site.evidence import Evidence
from kg.site.pages import Site

_WIDTH = 1120.0  # of the drawing, in units of its view box
_LANE = 22.0  # height of a lane
_HEAD = 30.0  # height of the name of a band of lanes
_TOP = 46.0  # room for the years, and for the name of a baseline
_LETTER = 7.3  # the width of a letter of the labels, in a wide typeface
_STUB = 16.0  # a line that goes on from where a date is not known
BANDS = {"event": "Policy events", "body": "Bodies", "work": "Works, and what their data describe"}
_BODY = ("begins", "ends")
KINDS = {"begins": "Body begins", "ends": "Body ends", "event": "Event", "work": "Work"}


@dataclass(frozen=True)
class Happening:
    """Something with a date: an event, a work that came out, or a body's beginning or end."""

    kind: str
    iri: str
    at: str
    until: str = ""
    data_from: str = ""
    data_until: str = ""
    actors: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    baseline_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mark:
    """What the drawing shows of one thing: a bar, a thin line for its data, and its name.

    Its shape is `day`, `span` (it lasted), `vague` (the days that its date may mean), `from` or
    `until` (only its beginning or its end is known).
    """

    iri: str
    label: str
    shape: str
    begin: float
    end: float
    data: tuple[float, float] | None
    data_open: bool
    text_at: float
    before: bool

    @property
    def reach(self) -> tuple[float, float]:
        """From where to where it fills its lane, its name with it."""
        width = len(self.label) * _LETTER
        name = (
            (self.text_at - width, self.text_at)
            if self.before
            else (self.text_at, self.text_at + width)
        )
        points = (*name, self.begin, self.end, *(self.data or ()))
        return min(points) - _STUB, max(points) + _STUB


@dataclass(frozen=True)
class Band:
    """A group of lanes, each a row of marks that do not touch."""

    title: str
    top: float
    lanes: tuple[tuple[float, tuple[Mark, ...]], ...]


@dataclass(frozen=True)
class Drawing:
    """The timeline as a drawing, in units of its view box."""

    width: float
    height: float
    years: tuple[tuple[int, float, float], ...]
    bands: tuple[Band, ...]
    baselines: tuple[tuple[str, float, bool], ...]


def write_timeline(site: Site) -> None:
    """Write the timeline, with its drawing and its table."""
    site.copy(["timeline.css"])
    e = site.evidence
    found = happenings(e)
    site.page(
        "timeline.html",
        "timeline",
        "Timeline",
        by_year=by_year(found),
        drawing=drawing(e, found),
        kinds=KINDS,
        spoken=spoken,
    )


def happenings(evidence: Evidence) -> list[Happening]:
    """List everything with a date, in order of time.

    Example:
        >>> from kg.project import Project
        >>> from kg.store import open_store
        >>> first = happenings(Evidence.of(open_store(Project())))[0]
        >>> first.kind, first.at
        ('begins', '1997-04-01')
    """
    e = evidence
    reviews = {r: e.one(r, "kg:baseline") for r in e.of_class("kg:Source")}
    found = [
        Happening(
            "event",
            iri,
            e.one(iri, "dcterms:date"),
            until=e.one(iri, "kg:until"),
            actors=e.links(iri, "prov:wasAssociatedWith"),
            before=e.links(iri, "org:originalOrganization"),
            after=e.links(iri, "org:resultingOrganization"),
            baseline_of=tuple(review for review, base in reviews.items() if base == iri),
        )
        for iri in e.of_class("kg:PolicyEvent")
    ]
    found += [
        Happening(
            "work",
            iri,
            e.one(iri, "dcterms:issued"),
            data_from=e.one(iri, "kg:evidenceFrom"),
            data_until=e.one(iri, "kg:evidenceUntil"),
            publishers=e.links(iri, "dcterms:publisher"),
        )
        for iri in e.of_class("kg:Source")
    ]
    for iri in e.of_class("kg:Organisation"):
        found.append(Happening("begins", iri, e.one(iri, "schema:foundingDate")))
        found.append(Happening("ends", iri, e.one(iri, "schema:dissolutionDate")))
    # A year stands before its months and a month before its days, as their texts do.
    return sorted((h for h in found if h.at), key=lambda h: (h.at, h.kind, e.label(h.iri), h.iri))


def by_year(found: Iterable[Happening]) -> dict[str, list[Happening]]:
    """Part what happened by year, in order."""
    years: dict[str, list[Happening]] = {}
    for each in found:
        years.setdefault(each.at[:4], []).append(each)
    return years


def drawing(evidence: Evidence, found: list[Happening]) -> Drawing | None:
    """Lay out what happened over a line of years, in lanes.

    Years in which much happened are drawn wider, so that they can be read.

    Args:
        evidence: what the graph says.
        found: what happened.

    Returns:
        The drawing; nothing where no date can be read.
    """
    dated = [h for h in found if days(h.at)]
    if not dated:
        return None
    years, place = _scale(dated)
    marks: dict[str, list[Mark]] = {band: [] for band in BANDS}
    for each in dated:
        if each.kind in marks:
            marks[each.kind].append(_mark(evidence, each, place))
    marks["body"] = _bodies(evidence, dated, place)
    top = _TOP
    bands = []
    for name, title in BANDS.items():
        if not marks[name]:
            continue
        rows = _lanes(marks[name])
        at = [top + _HEAD + _LANE * number for number in range(len(rows))]
        bands.append(Band(title, top, tuple(zip(at, map(tuple, rows), strict=True))))
        top += _HEAD + _LANE * len(rows) + 8
    baselines = tuple(
        (f"Baseline: {spoken(h.at)}", x, x > _WIDTH / 2)
        for h in dated
        if h.baseline_of
        for x in [place(h.at)[0]]
    )
    return Drawing(_WIDTH, ceil(top), years, tuple(bands), baselines)


_Place = Callable[[str], tuple[float, float]]


def _scale(dated: list[Happening]) -> tuple[tuple[tuple[int, float, float], ...], _Place]:
    """Give each year its room, and tell between which points of the drawing a date lies."""
    texts = [t for h in dated for t in (h.at, h.until, h.data_from, h.data_until) if t]
    known = [both for text in texts if (both := days(text))]
    first, last = min(begin.year for begin, _ in known), max(end.year for _, end in known)
    many = Counter(int(h.at[:4]) for h in dated)
    weights = {year: 1 + 1.5 * sqrt(many[year]) for year in range(first, last + 1)}
    unit = _WIDTH / sum(weights.values())
    starts: dict[int, float] = {}
    at = 0.0
    for year, weight in weights.items():
        starts[year] = at
        at += weight * unit

    def point(day: date, *, end: bool) -> float:
        passed = (day.timetuple().tm_yday - (not end)) / (366 if isleap(day.year) else 365)
        return round(starts[day.year] + weights[day.year] * unit * passed, 1)

    def place(text: str) -> tuple[float, float]:
        begin, finish = days(text) or (date(first, 1, 1), date(first, 1, 1))
        return point(begin, end=False), point(finish, end=True)

    years = tuple((y, round(starts[y], 1), round(weights[y] * unit, 1)) for y in weights)
    return years, place


def _mark(evidence: Evidence, each: Happening, place: _Place) -> Mark:
    """Draw an event or a work, and the time that the data of a work describe."""
    begin, end = place(each.at)
    known = days(each.at)
    shape = "day" if known and known[0] == known[1] else "vague"
    if each.until:
        shape, end = "span", place(each.until)[1]
    data = None
    if each.data_until:
        last = place(each.data_until)[1]
        data = (place(each.data_from)[0] if each.data_from else last - _STUB, last)
    label = evidence.label(each.iri)
    return _named(each.iri, label, shape, (begin, end), data, data_open=not each.data_from)


def _bodies(evidence: Evidence, dated: list[Happening], place: _Place) -> list[Mark]:
    """Draw each body from its beginning to its end, open where that is not known."""
    begins = {h.iri: place(h.at)[0] for h in dated if h.kind == "begins"}
    ends = {h.iri: place(h.at)[1] for h in dated if h.kind == "ends"}
    found = []
    for iri in dict.fromkeys(h.iri for h in dated if h.kind in _BODY):
        label = evidence.label(iri)
        if iri not in ends:
            at = (begins[iri], begins[iri] + _STUB)
            found.append(_named(iri, f"{label} begins", "from", at))
        elif iri not in begins:
            at = (ends[iri] - _STUB, ends[iri])
            found.append(_named(iri, f"{label} ends", "until", at))
        else:
            found.append(_named(iri, label, "span", (begins[iri], ends[iri])))
    return found


def _named(
    iri: str,
    label: str,
    shape: str,
    at: tuple[float, float],
    data: tuple[float, float] | None = None,
    *,
    data_open: bool = False,
) -> Mark:
    """Set the name of a mark where there is more room, and cut it if there is not enough."""
    left = min(*at, *(data or at)) - 8
    right = max(*at, *(data or at)) + 8
    before = right + len(label) * _LETTER > _WIDTH and left > _WIDTH - right
    fits = int((left if before else _WIDTH - right) / _LETTER)
    if len(label) > fits:
        label = f"{label[: fits - 1]}…"
    return Mark(iri, label, shape, *at, data, data_open, left if before else right, before)


def _lanes(marks: Iterable[Mark]) -> list[list[Mark]]:
    """Put each mark into the first lane in which it touches no other."""
    lanes: list[list[Mark]] = []
    for mark in marks:
        begin, end = mark.reach
        for lane in lanes:
            if all(end < other.reach[0] or begin > other.reach[1] for other in lane):
                lane.append(mark)
                break
        else:
            lanes.append([mark])
    return lanes
