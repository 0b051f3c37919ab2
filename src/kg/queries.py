"""Saved queries: read the head of an `.rq` file, put terms into its slots, run it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pyoxigraph import Literal, NamedNode

from kg.errors import KgError, QueryRefused, UnknownName
from kg.project import Project
from kg.results import Answer, Table
from kg.sparql import Slot, slots
from kg.store import Store
from kg.terms import PREFIXES, Term, curie, expand, local_name, nearest_of, to_sparql

ANY = "any"
VIEWS = ("table", "bar", "matrix", "timeline", "network")
USERS = ("analyst", "policy team", "data steward")
TYPES = ("iri", "text", "integer", "date", "boolean")
_HEAD_KEYS = {
    *("summary", "description", "tags", "endpoint", "method"),
    *("question", "users", "params", "view", "expect", "severity", "why"),
}
_HEAD_KINDS: dict[str, type] = {
    **dict.fromkeys(("summary", "question", "description", "view", "severity", "why"), str),
    **dict.fromkeys(("tags", "users", "expect"), list),
    "params": dict,
}
_KIND_NAMES: dict[type, str] = {str: "a text", list: "a list", dict: "a set of key: value"}
# How the choices of an `iri` parameter hang from the class or scheme that its head names.
_CHOICES = {"class": "rdf:type", "scheme": "skos:inScheme", "subclass-of": "rdfs:subClassOf"}
# The C loader is several times faster, and absent from some builds of PyYAML.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Param:
    """One parameter of a saved query, as its head declares it.

    `optional` allows `any`; `multiple` allows several values; `choices_from` is the pair of
    property and IRI (of a class or scheme) that an `iri` value must be linked by; `texts` are all
    that a `text` may be, where its head lists them.
    """

    name: str
    label: str
    type: str
    slot: Slot
    optional: bool = False
    multiple: bool = False
    choices_from: tuple[str, str] | None = None
    texts: tuple[str, ...] = ()

    @property
    def default(self) -> str:
        """The default as people write it: `any` for UNDEF, and a listed text without quotes."""
        content = self.slot.content.replace("UNDEF", ANY)
        return content.strip('"') if self.texts else content


@dataclass(frozen=True)
class SavedQuery:
    """A question that can be asked by name.

    `users` are the roles that ask it, of `USERS`.
    `why` is a graph pattern that leads from the columns of a row to the statements behind it, for
    a query that has no column `statement`.
    """

    id: str
    path: Path
    text: str
    question: str
    summary: str
    description: str = ""
    tags: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    view: str = "table"
    severity: str = ""
    why: str = ""
    params: tuple[Param, ...] = ()
    expect: tuple[Mapping[str, Any], ...] = ()

    def bind(self, values: Mapping[str, Sequence[str]], store: Store) -> str:
        """Put values into the slots and give the text to run; slots not named keep their default.

        Args:
            values: parameter name to one or more values (IRI, CURIE, bare slug, text, number,
                date, true or false; `any` where the parameter is optional).
            store: the graph whose choices the values are held against.

        Raises:
            UnknownName: no such parameter, or a value that is none of its choices.
            KgError: a value of the wrong type, or several where one is allowed.
        """
        known = {param.name: param for param in self.params}
        text = self.text
        # From the last slot to the first, so that earlier offsets stay true.
        for name in sorted(values, key=lambda n: known[n].slot.start if n in known else 0)[::-1]:
            if name not in known:
                have = f"it takes {', '.join(known)}" if known else "it takes none"
                raise UnknownName(f"{self.id} has no parameter {name!r}", fix=have)
            slot = known[name].slot
            content = _values_text(known[name], values[name], store)
            text = f"{text[: slot.start]} {content} {text[slot.end :]}"
        return text


def load_query(project: Project, name: str) -> SavedQuery:
    """Read one saved query by its id.

    Raises:
        UnknownName: there is no such query.
        KgError: its head is not as the convention wants it (file, line, how to mend).

    Example:
        >>> load_query(Project(), "statement-by-theme").params[0].name
        'theme'
    """
    return read_query(project.named_file("queries", name, ".rq"), project)


def list_queries(project: Project) -> list[SavedQuery]:
    """Read every saved query of the project, in order of id.

    Example:
        >>> len(list_queries(Project())) >= 6
        True
    """
    return [read_query(path, project) for path in project.files("queries", "*.rq")]


def read_query(path: Path, project: Project) -> SavedQuery:
    """Read a saved query from its file (see `load_query`)."""
    where = project.shown(path)
    try:
        text = path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise KgError(
            "the query cannot be read as UTF-8 text", where=where, fix="save it as UTF-8"
        ) from error
    head = read_head(text, where)
    for key, kind in _HEAD_KINDS.items():
        if key in head and not isinstance(head[key], kind):
            raise KgError(
                f"{key} is not {_KIND_NAMES[kind]}", where=where, fix="see another query's head"
            )
    unknown = sorted(head.keys() - _HEAD_KEYS)
    if unknown:
        raise KgError(
            f"the head has an unknown key {unknown[0]!r}",
            where=where,
            fix=f"use one of {nearest_of(unknown[0], _HEAD_KEYS)}",
        )
    if not head.get("summary") or not head.get("question"):
        raise KgError(
            "the head has no summary or no question", where=where, fix="add `#+ question: …`"
        )
    if head.get("view", "table") not in VIEWS:
        raise KgError(
            f"{head['view']!r} is no view", where=where, fix=f"use one of {', '.join(VIEWS)}"
        )
    for user in head.get("users", ()):
        if user not in USERS:
            fix = f"use {', '.join(USERS)}"
            raise KgError(f"{user!r} is no role of users", where=where, fix=fix)
    try:
        found = slots(text)
    except QueryRefused as error:
        raise KgError(error.what, where=where, fix=error.fix) from error
    params = tuple(
        _read_param(name, spec or {}, found, where) for name, spec in head.get("params", {}).items()
    )
    return SavedQuery(
        id=path.stem,
        path=path,
        text=text,
        question=" ".join(head["question"].split()),
        summary=" ".join(head["summary"].split()),
        description=" ".join(str(head.get("description", "")).split()),
        tags=tuple(head.get("tags", ())),
        users=tuple(head.get("users", ())),
        view=head.get("view", "table"),
        severity=head.get("severity", ""),
        why=" ".join(str(head.get("why", "")).split()),
        params=params,
        expect=tuple(head.get("expect", ())),
    )


def read_head(text: str, where: str) -> dict[str, Any]:
    r"""Read the YAML that stands in the `#+` comment lines at the head of a SPARQL file.

    Raises:
        KgError: the lines are not a YAML mapping.

    Example:
        >>> read_head("#+ summary: All of it\nSELECT * { ?s ?p ?o }", "all.rq")
        {'summary': 'All of it'}
    """
    lines = [line[2:] for line in text.splitlines() if line.startswith("#+")]
    try:
        head = yaml.load("\n".join(line.removeprefix(" ") for line in lines), Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise KgError(
            f"the head is not well-formed YAML: {getattr(error, 'problem', error)}",
            where=f"{where}{line}",
            fix="write `#+ key: value`, and quote values that hold a colon",
        ) from error
    if not isinstance(head, dict):
        raise KgError(
            "the query has no head", where=where, fix="begin with `#+ summary:` and `#+ question:`"
        )
    return head


def run(
    query: SavedQuery, store: Store, values: Mapping[str, Sequence[str]] | None = None
) -> Answer:
    """Ask a saved query with some parameter values (see `SavedQuery.bind`).

    Example:
        >>> from kg.store import open_store
        >>> project = Project()
        >>> query = load_query(project, "challenge-crossing-agencies")
        >>> run(query, open_store(project)).columns[:2]
        ('statement', 'label')
    """
    return store.query(query.bind(values, store) if values else query.text)


def choices(param: Param, store: Store) -> dict[str, str]:
    """List what a parameter may be, with its label; empty where anything goes."""
    if param.choices_from is None:
        return dict.fromkeys(param.texts, "")
    link, kind = param.choices_from
    answer = store.query(
        f"PREFIX rdf: <{PREFIXES['rdf']}> PREFIX rdfs: <{PREFIXES['rdfs']}> "
        f"PREFIX skos: <{PREFIXES['skos']}> SELECT DISTINCT ?value ?label WHERE {{ "
        f"?value {link} <{kind}> . OPTIONAL {{ ?value rdfs:label ?label }} }} ORDER BY STR(?value)"
    )
    assert isinstance(answer, Table)
    return {str(iri.value): str(label.value) if label else "" for iri, label in answer.rows if iri}


def label_of(param: Param, value: str, store: Store) -> str:
    """Give the label of a parameter's value, however it is named; empty where it has none.

    Raises:
        UnknownName: the value is none of the parameter's choices.
    """
    return choice_of(param, value, store)[1]


def choice_of(param: Param, value: str, store: Store) -> tuple[str, str]:
    """Give the IRI and the label of a parameter's value, however it is named.

    Both are empty where there are no choices to be one of, or the value is `any`.

    Raises:
        UnknownName: the value is none of the parameter's choices.
    """
    if param.choices_from is None or value == ANY:
        return "", ""
    allowed = choices(param, store)
    iri = _choice(value.strip("<>"), allowed, f"-p {param.name}")
    return iri, allowed[iri]


def _read_param(name: str, spec: Mapping[str, Any], found: dict[str, Slot], where: str) -> Param:
    where = f"{where}, parameter {name}"
    if not isinstance(spec, dict) or not all(isinstance(spec.get(k, ""), str) for k in _CHOICES):
        fix = 'write { label: Theme, type: iri, class: "kg:Theme" }'
        raise KgError("it is not described as a parameter is", where=where, fix=fix)
    if name not in found:
        fix = f"write VALUES ?{name} {{ … }} in the body"
        raise KgError("it has no slot", where=where, fix=fix)
    kind = spec.get("type", "")
    if kind not in TYPES:
        raise KgError(f"{kind!r} is no type", where=where, fix=f"use one of {', '.join(TYPES)}")
    link = next((key for key in _CHOICES if key in spec), None)
    if kind == "iri" and link is None:
        raise KgError(
            "an iri parameter does not say what it may be",
            where=where,
            fix="add `class: kg:Theme`, `scheme: scheme:trend` or `subclass-of: kg:Statement`",
        )
    return Param(
        name=name,
        label=spec.get("label", name),
        type=kind,
        slot=found[name],
        optional=bool(spec.get("optional", False)),
        multiple=bool(spec.get("multiple", False)),
        choices_from=(_CHOICES[link], expand(spec[link])) if link else None,
        texts=tuple(map(str, spec.get("choices", ()))),
    )


def _values_text(param: Param, values: Sequence[str], store: Store) -> str:
    where = f"-p {param.name}"
    if not values:
        raise KgError("no value is given", where=where, fix=f"write {param.name}=VALUE")
    if len(values) > 1 and not param.multiple:
        raise KgError("only one value is allowed", where=where, fix="ask once for each value")
    if any(value.strip().lower() == ANY for value in values) and param.type != "text":
        if len(values) > 1:
            raise KgError("any stands beside another value", where=where, fix="give one of the two")
        if not param.optional:
            raise KgError(
                "this parameter needs a value", where=where, fix=f"the default is {param.default}"
            )
        return "UNDEF"
    allowed = choices(param, store)
    return " ".join(to_sparql(_term(param, value, allowed, where)) for value in values)


def _term(param: Param, value: str, allowed: Mapping[str, str], where: str) -> Term:
    value = value if param.type == "text" else value.strip()
    if param.texts and value not in param.texts:
        nearest = nearest_of(value, param.texts)
        raise UnknownName(f"{value!r} is not one of the choices", where=where, fix=f"try {nearest}")
    match param.type:
        case "iri":
            return NamedNode(_choice(value, allowed, where))
        case "integer":
            if not value.removeprefix("-").isdecimal() or not value.isascii() or len(value) > 18:
                raise KgError(f"{value!r} is no whole number", where=where, fix="write digits: 2")
            return Literal(int(value))
        case "date":
            try:
                day = date.fromisoformat(value)
            except ValueError as error:
                raise KgError(
                    f"{value!r} is no date", where=where, fix="write it as 2009-03-12"
                ) from error
            return Literal(day.isoformat(), datatype=NamedNode(f"{PREFIXES['xsd']}date"))
        case "boolean":
            if value.lower() not in {"true", "false", "yes", "no"}:
                raise KgError(f"{value!r} is neither true nor false", where=where, fix="write true")
            return Literal(value.lower() in {"true", "yes"})
    try:
        return Literal(value)
    except ValueError as error:
        # Half of a surrogate pair, such as a terminal makes of bytes that are not UTF-8.
        raise KgError(
            "the text is not well-formed Unicode", where=where, fix="type it anew, as UTF-8"
        ) from error


def _choice(value: str, allowed: Mapping[str, str], where: str) -> str:
    """Find the IRI that a full IRI, a CURIE or a bare slug stands for among the choices."""

    def plain(name: str) -> str:
        # `supporting-factor` and `SupportingFactor` are the same name to a reader.
        return name.replace("-", "").replace("_", "").casefold()

    if ":" in value:
        iri = expand(value)
        if iri in allowed:
            return iri
    else:
        found = [iri for iri in allowed if plain(local_name(iri)) == plain(value)]
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(curie(iri) for iri in found)
            raise UnknownName(f"{value!r} may be several things", where=where, fix=f"use {names}")
    nearest = nearest_of(local_name(value), (local_name(iri) for iri in allowed))
    raise UnknownName(
        f"{value!r} is not one of the {len(allowed)} choices", where=where, fix=f"try {nearest}"
    )
