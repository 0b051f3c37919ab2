"""View files: what a `viz/*.toml` says is a node and an edge, and how each is drawn."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kg.errors import KgError, UnknownName, UnreadableFile
from kg.network import ClaimRule, EdgeRule, NodeRule
from kg.project import Project
from kg.sections import section_in_words
from kg.terms import nearest_of

# Each shape as an SVG path in a box from -10 to 10.
SHAPES = {
    "dot": "M7.5 0A7.5 7.5 0 1 1-7.5 0 7.5 7.5 0 1 1 7.5 0z",
    "square": "M-7-7H7V7H-7z",
    "diamond": "M0-9 9 0 0 9-9 0z",
    "triangle": "M0-8 9 7H-9z",
    "triangle-down": "M0 8 9-7H-9z",
    "hexagon": "M-9 0-4.5-8H4.5L9 0 4.5 8H-4.5z",
    "pentagon": "M0-9 9-2 5.5 8H-5.5L-9-2z",
    "star": "M0-9 2.5-3H9L4 1.5 6 8 0 4-6 8-4 1.5-9-3H-2.5z",
    "cross": "M-8-4-4-8 0-4 4-8 8-4 4 0 8 4 4 8 0 4-4 8-8 4-4 0z",
    "bar": "M-9-5H9V5H-9z",
}
HOLLOW = "hollow "
LINES = {"solid": (), "dashed": (9, 6), "dotted": (2, 5)}  # canvas units drawn and left out
_CONTRAST = 3.0  # WCAG 2.2, 1.4.11: what a shape or line needs against white

_KEYS: dict[str, type] = {
    **dict.fromkeys(("title", "description", "left_out", "query", "like"), str),
    **dict.fromkeys(("scope", "node", "claim", "detail", "edge"), list),
    **dict.fromkeys(("params", "kinds", "links"), dict),
}
_NODE_KEYS: dict[str, type] = {
    **dict.fromkeys(("id", "label", "kind", "description"), str),
    **dict.fromkeys(("facts", "when"), dict),
}
_CLAIM_KEYS: dict[str, type] = {**_NODE_KEYS, "work": str, "second_hand": dict}
_DETAIL_KEYS: dict[str, type] = {"query": str, **_NODE_KEYS}
_EDGE_KEYS: dict[str, type] = {"from": str, "to": str, "link": str, "claim": str, "when": dict}
_KIND_KEYS: dict[str, type] = {"group": str, "shape": str, "colour": str, "landmark": bool}
_LINK_KEYS: dict[str, type] = {
    **dict.fromkeys(("back", "line", "colour", "meaning"), str),
    "arrow": bool,
}
# A fact becomes an attribute of its node, beside these.
_TAKEN = {"id", "label", "kind", "description", "size", "x", "y", "claim", "works", "second_hand"}


@dataclass(frozen=True)
class Kind:
    """How nodes of one kind are drawn, and which of them share a heading and a table."""

    group: str
    shape: str
    colour: str
    landmark: bool = False

    @property
    def hollow(self) -> bool:
        """Whether only the outline has the colour."""
        return self.shape.startswith(HOLLOW)

    @property
    def path(self) -> str:
        """The shape as an SVG path."""
        return SHAPES[self.shape.removeprefix(HOLLOW)]

    @property
    def mark(self) -> dict[str, str | bool]:
        """What the scripts of a page draw."""
        return {"path": self.path, "colour": self.colour, "hollow": self.hollow}


@dataclass(frozen=True)
class Link:
    """How edges of one link are drawn, and how the link reads from its other end."""

    back: str
    line: str
    colour: str
    arrow: bool = False
    meaning: str = ""

    @property
    def dashes(self) -> tuple[int, ...]:
        """Canvas units drawn and left out, by turns; none for a solid line."""
        return LINES[self.line]


@dataclass(frozen=True)
class View:
    """What a view file says."""

    id: str
    where: str
    title: str
    description: str
    query: str
    nodes: tuple[NodeRule, ...]
    edges: tuple[EdgeRule, ...]
    kinds: Mapping[str, Kind]
    links: Mapping[str, Link]
    claims: tuple[ClaimRule, ...] = ()
    details: tuple[tuple[str, NodeRule], ...] = ()
    params: Mapping[str, Sequence[str]] = field(default_factory=dict)
    scope: tuple[str, ...] = ()
    left_out: str = ""

    @property
    def facts(self) -> tuple[str, ...]:
        """The headings of all facts, in the order of the file."""
        return tuple(dict.fromkeys(heading for rule in self._rules for heading in rule.facts))

    @property
    def sections(self) -> frozenset[str]:
        """The headings of facts that say in which section of a review something stands."""
        told = (fact for rule in self._rules for fact in rule.facts.items())
        return frozenset(heading for heading, value in told if value == "?section")

    def facts_of(self, item: Mapping[str, Any]) -> list[tuple[str, str]]:
        """List the facts of an item; a network has codes for sections, which are read in words."""
        sections = self.sections
        return [
            (heading, "; ".join(map(section_in_words, item[heading].split("; "))))
            if heading in sections
            else (heading, item[heading])
            for heading in self.facts
            if heading in item
        ]

    @property
    def _rules(self) -> tuple[NodeRule, ...]:
        return (*self.nodes, *self.claims, *(rule for _, rule in self.details))


def read_view(path: Path, project: Project) -> View:
    """Read one view file.

    Raises:
        UnreadableFile: it is not TOML in UTF-8.
        UnknownName: a key, shape, line or fact that there is not; the nearest is named.
        KgError: a value of the wrong type, or one that readers could not see or tell apart.

    Example:
        >>> project = Project()
        >>> read_view(project.files("viz", "overview.toml")[0], project).kinds["theme"].shape
        'square'
    """
    where = project.shown(path)
    said = _parse(path, where)
    base, seen = said.get("like"), {path.stem}
    while base:
        if base in seen:
            raise KgError(f"it is like {base} in a circle", where=where, fix="take one like out")
        seen.add(base)
        other = project.named_file("viz", base, ".toml")
        like = _parse(other, project.shown(other))
        for key in ("kinds", "links"):
            said[key] = {**like.get(key, {}), **said.get(key, {})}
        base = like.get("like")
    for key in ("kinds", "links"):
        if not said.get(key):
            raise KgError(f"it has no [{key}]", where=where, fix=f'add [{key}], or like = "…"')
    view = View(
        id=path.stem,
        where=where,
        nodes=tuple(
            NodeRule(**_checked(rule, _NODE_KEYS, ("id", "label"), f"{where}, [[node]] {n}"))
            for n, rule in enumerate(said["node"], 1)
        ),
        edges=tuple(
            _edge(_checked(rule, _EDGE_KEYS, ("from", "to"), f"{where}, [[edge]] {n}"))
            for n, rule in enumerate(said["edge"], 1)
        ),
        claims=tuple(
            ClaimRule(**_checked(rule, _CLAIM_KEYS, ("id", "label"), f"{where}, [[claim]] {n}"))
            for n, rule in enumerate(said.get("claim", []), 1)
        ),
        details=tuple(
            _detail(_checked(rule, _DETAIL_KEYS, ("query", "id"), f"{where}, [[detail]] {n}"))
            for n, rule in enumerate(said.get("detail", []), 1)
        ),
        kinds={name: _kind(name, kind, where) for name, kind in said["kinds"].items()},
        links={name: _link(name, link, where) for name, link in said["links"].items()},
        params={
            name: [str(v) for v in (value if isinstance(value, list) else [value])]
            for name, value in said.get("params", {}).items()
        },
        scope=tuple(said.get("scope", ())),
        left_out=said.get("left_out", ""),
        **{key: said[key] for key in ("title", "description", "query")},
    )
    _check_meaning(view)
    return view


def _parse(path: Path, where: str) -> dict[str, Any]:
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableFile(
            f"the view cannot be read: {error}", where=where, fix="correct its TOML"
        ) from error
    needed = ("title", "description", "query", "node", "edge")
    return {k: v for k, v in _checked(said, _KEYS, needed, where).items() if k != "where"}


def _checked(
    said: Any, known: Mapping[str, type], needed: Sequence[str], where: str
) -> dict[str, Any]:
    """Hold a table of the file against the keys it may and must have; add where it stands."""
    types = {str: "a text", bool: "true or false", list: "a list", dict: "a table"}
    if not isinstance(said, dict):
        raise KgError("it is not a table", where=where, fix="write key = value under a [heading]")
    for key, value in said.items():
        if key not in known:
            fix = f"use {nearest_of(key, known)}"
            raise UnknownName(f"there is no key {key!r}", where=where, fix=fix)
        if not isinstance(value, known[key]):
            raise KgError(
                f"{key} is not {types[known[key]]}", where=where, fix="see another view's file"
            )
        if key in {"scope", "facts", "when", "second_hand"}:
            listed: Any = value
            inner = list(listed.values()) if isinstance(listed, dict) else list(listed)
            if not all(isinstance(text, str) for text in inner):
                raise KgError(
                    f"{key} holds something that is no text",
                    where=where,
                    fix='put it in quotes: "…"',
                )
    for key in needed:
        if not said.get(key):
            raise KgError(f"the key {key!r} is missing", where=where, fix=f"add {key} = …")
    return {**said, "where": where}


def _edge(rule: dict[str, Any]) -> EdgeRule:
    if not rule.get("link") and not rule.get("claim"):
        fix = "add link = … for what joins the two, or claim = … for the claim that does"
        raise KgError("the key 'link' is missing, and so is 'claim'", where=rule["where"], fix=fix)
    if rule.get("link") and rule.get("claim"):
        raise KgError("it is a link and a claim", where=rule["where"], fix="keep one of the two")
    return EdgeRule(source=rule.pop("from"), target=rule.pop("to"), **rule)


def _detail(rule: dict[str, Any]) -> tuple[str, NodeRule]:
    return rule.pop("query"), NodeRule(**rule)


def _kind(name: str, said: Any, where: str) -> Kind:
    where = f"{where}, kinds.{name}"
    rule = _checked(said, _KIND_KEYS, ("group", "shape", "colour"), where)
    if rule["shape"].removeprefix(HOLLOW) not in SHAPES:
        fix = f"use one of {', '.join(SHAPES)}, each also as 'hollow …'"
        raise UnknownName(f"{rule['shape']!r} is no shape", where=where, fix=fix)
    _check_colour(rule["colour"], rule.pop("where"))
    return Kind(**rule)


def _link(name: str, said: Any, where: str) -> Link:
    where = f"{where}, links.{name}"
    rule = _checked(said, _LINK_KEYS, ("back", "line", "colour"), where)
    if rule["line"] not in LINES:
        fix = f"use one of {', '.join(LINES)}"
        raise UnknownName(f"{rule['line']!r} is no line", where=where, fix=fix)
    _check_colour(rule["colour"], rule.pop("where"))
    return Link(**rule)


def _check_colour(colour: str, where: str) -> None:
    """Refuse what is no colour, and what is too pale to be seen on white."""
    if not re.fullmatch("#[0-9a-fA-F]{6}", colour):
        raise KgError(f"{colour!r} is no colour", where=where, fix='write it as "#2f6f9f"')
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    if (contrast := 1.05 / (light + 0.05)) < _CONTRAST:
        raise KgError(
            f"{colour} is too pale on white (contrast {contrast:.1f}, {_CONTRAST} needed)",
            where=where,
            fix="choose a darker colour",
        )


def _check_meaning(view: View) -> None:
    """Refuse shapes that only colour tells apart, and facts that cannot be told from the rest."""
    seen: dict[str, str] = {}
    for name, kind in view.kinds.items():
        if kind.shape in seen:
            raise KgError(
                f"{name} and {seen[kind.shape]} have the same shape, {kind.shape}",
                where=f"{view.where}, kinds.{name}",
                fix="give one another shape: colour alone does not tell kinds apart for everybody",
            )
        seen[kind.shape] = name
    for fact in view.facts:
        if fact in _TAKEN:
            raise KgError(
                f"{fact!r} cannot be the heading of a fact",
                where=view.where,
                fix="say it otherwise",
            )
    for fact in view.scope:
        if fact not in view.facts:
            raise UnknownName(
                f"there is no fact {fact!r}",
                where=f"{view.where}, scope",
                fix=f"use {nearest_of(fact, view.facts) or 'a heading of facts'}",
            )
