"""The pages one starts from: home, and the search with everything from A to Z."""

from kg.results import shown
from kg.sections import section_in_words
from kg.site.evidence import Claim, Evidence, distinct
from kg.site.pages import THINGS, Site
from kg.site.questions import Question
from kg.terms import expand

_FIGURES = "graph-figures"
_COVERAGE = "reading-coverage"
# Other ways in, each with what one finds there.
_WAYS = [
    (
        "Evidence map",
        "map.html",
        "Agencies against themes: how much is said, and where little.",
    ),
    ("Briefings", "briefing/index.html", "Two pages to print on each agency and each theme."),
    ("Networks", "network/index.html", "Which claims, works and agencies hang together."),
    ("Disagreements", "disagreements.html", "Claims that disagree, and what they differ in."),
    ("Timeline", "timeline.html", "What happened when, and which years the works tell of."),
    ("All claims", "claims.html", "Every claim by its kind, with who says so."),
    ("Works", "source-list.html", "What each work contributes, and how sure its facts are."),
    (
        "How far can you trust this?",
        "quality.html",
        "Checks, what was read, and how coders agreed.",
    ),
]


def write_home(site: Site, asked: list[Question]) -> None:
    """Write the home page, which begins with questions, and the page of the search."""
    e = site.evidence
    site.page(
        "index.html",
        "home",
        "What the evidence says",
        things=site.things,
        figures=_figures(asked),
        covered=_covered(asked),
        offered={
            "agency": _offered(site, site.things["agency"]),
            "theme": _offered(site, e.top_themes),
        },
        # Networks are pages of their own, and the figures stand above.
        questions=[
            each
            for each in asked
            if "policy team" in each.query.users
            and each.query.view != "network"
            and each.query.id != _FIGURES
        ],
        offered_of=lambda question: [
            (each.label or "Any", each.address) for each in question.answers if each.rows
        ],
        ways=_WAYS,
        limits=[c for c in distinct(e.claims) if c.kind == expand("kg:Limitation")],
    )
    site.copy(["home.css"])
    things = [
        (
            plural,
            [(e.label(iri), site.addresses[iri], _told(e, iri)) for iri in site.things[prefix]],
        )
        for prefix, (_, _, plural) in THINGS.items()
    ]
    claims = sorted((c.label, site.addresses[c.iri], _told_of(e, c)) for c in e.claims)
    questions = sorted((q.asked, q.address, q.summary) for q in asked)
    site.page(
        "search.html",
        "search",
        "Search, and everything from A to Z",
        groups=[*things, ("Questions", questions), ("Claims", claims)],
    )


def _told(e: Evidence, iri: str) -> str:
    """What is said of a thing, with its title and its other names, by which people look for it."""
    other = ", ".join(e.links(iri, "skos:altLabel"))
    parts = [e.one(iri, "dcterms:title"), e.says(iri), f"Also: {other}" if other else ""]
    return " · ".join(filter(None, parts))


def _told_of(e: Evidence, claim: Claim) -> str:
    """What a claim says, with what it is about, in words of which the claim may have none."""
    about = dict.fromkeys((*claim.agencies, *claim.themes, *claim.concerns))
    return " · ".join(filter(None, (claim.description, ", ".join(map(e.label, about)))))


def _figures(asked: list[Question]) -> list[tuple[str, str]]:
    """The figures of the graph, as the saved question on them gives them."""
    answers = [q.answers[0] for q in asked if q.query.id == _FIGURES]
    told = [(shown(row[0]), shown(row[1])) for answer in answers for row in answer.rows]
    # Claims first, then the rest, the most first.
    return sorted(told, key=lambda each: ("claim" not in each[0], -int(each[1])))


def _covered(asked: list[Question]) -> list[tuple[str, list[str], int, int]]:
    """What was read of each review: its parts, and characters in passages and left out."""
    found: dict[str, tuple[dict[str, None], list[int]]] = {}
    answers = [q.answers[0] for q in asked if q.query.id == _COVERAGE]
    for row in [row for answer in answers for row in answer.table.records()]:
        parts, figures = found.setdefault(shown(row["review"]), ({}, []))
        if (section := shown(row["section"])) == "all":
            figures += [int(shown(row[name])) for name in ("inPassages", "leftOut")]
        else:
            parts[section_in_words(section).partition(",")[0]] = None
    return [
        (expand(review), list(parts), inside, outside)
        for review, (parts, (inside, outside)) in found.items()
        if inside + outside
    ]


def _offered(site: Site, iris: list[str]) -> list[tuple[str, str]]:
    return [(site.evidence.label(iri), site.addresses[iri]) for iri in iris]
