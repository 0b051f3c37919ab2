"""The web page of a network: a picture to explore and the same in tables, alone or in a site."""

import tomllib
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from kg import __version__
from kg.errors import UnknownName
from kg.large_networks import FILES as FILES_OF_LARGE
from kg.large_networks import LARGE, large_data
from kg.queries import SavedQuery
from kg.sections import section_in_words
from kg.terms import nearest_of
from kg.view_files import LINES, View

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from kg.network import Network

# What a page needs beside itself; one that stands alone holds it, with a frame of its own.
# vis-network is the first script.
_FRAME = "alone.css"
FILES = (
    "network.css",
    "vendor/vis-network.min.js",
    "picture.js",
    "explore.js",
    "details.js",
    "finder.js",
    "controls.js",
    "network.js",
)
_TOLD = ("label", "kind", "description", "works", "second_hand")
_MANY_EDGES = 2000  # above this, pyvis's add_edge takes seconds: it looks through all nodes


@dataclass(frozen=True)
class Surroundings:
    """The site that a page is part of. Addresses are from its top, where `FILES` are.

    Attributes:
        up: the way from the page to the top.
        frame: what the site tells the template of every page (see `Site.frame`).
        ways: links out of the page: what each is called, and where it leads.
        pages: where an item has a page of its own, by its id.
        question: where the question that the page answers has its page, if anywhere.
    """

    up: str
    frame: Mapping[str, Any]
    ways: Sequence[tuple[str, str]]
    pages: Mapping[str, str] = field(default_factory=dict)
    question: str = ""


def view_page(
    view: View,
    query: SavedQuery,
    values: Mapping[str, Sequence[str]],
    graph: "Network",
    datasets: Sequence[Mapping[str, str]],
    site: Surroundings | None = None,
) -> str:
    """Write the page of a network.

    Args:
        view: how to draw it, with the title of the page.
        query: what was asked.
        values: what it was asked with, in words.
        graph: the network, as `build_network` gives it.
        datasets: what the graph says of itself.
        site: the site that the page is part of; without one the page holds all that it needs.

    Returns:
        HTML.

    Raises:
        UnknownName: the view does not say how to draw a kind or a link that the network has.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader

    claims = {edge["claim"]: edge for *_, edge in graph.edges(data=True) if "claim" in edge}
    kinds = Counter(str(item["kind"]) for item in (*graph.nodes.values(), *claims.values()))
    links = Counter(str(edge["link"]) for *_, edge in graph.edges(data=True) if "link" in edge)
    for named, drawn, table in ((kinds, view.kinds, "kinds"), (links, view.links, "links")):
        for name in sorted(named.keys() - drawn.keys()):
            raise UnknownName(
                f"the rows hold {name!r}, and [{table}] does not say how to draw it",
                where=view.where,
                fix=f"add it there, or correct one of {nearest_of(name, drawn)}",
            )
    sizes: Counter[str] = Counter()
    for name in filter(kinds.get, view.kinds):  # in the order of the key
        sizes[view.kinds[name].group] += kinds[name]
    large = sizes.total() > LARGE
    # It escapes all that comes from the graph; pyvis's own template does not.
    environment = Environment(
        # In the site the page has the site's own head and foot.
        loader=ChoiceLoader([PackageLoader("kg", f"templates{at}") for at in ("", "/site")]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        site.frame if site else {},
        title=view.title,
        view=view,
        query=query,
        values=values,
        version=__version__,
        datasets=datasets,
        large=large,
        sizes=sizes,
        many=sizes.total(),
        kinds={name: kinds[name] for name in view.kinds if name in kinds},
        links={name: links[name] for name in view.links if name in links},
        # Pairs, since the order is that of the key, and JSON objects are written in alphabetical.
        marks=[(name, kind.mark) for name, kind in view.kinds.items() if name in kinds],
        scope=_scope(view, graph, claims),
        foot=" ".join(
            f"{d['title']}{', version ' + d['version'] if d['version'] else ''}." for d in datasets
        ),
        site=site,
        **_parts(site, FILES_OF_LARGE if large else FILES),
    )
    pages = {name: f"{site.up}{page}" for name, page in site.pages.items()} if site else {}
    if large:
        data, told = large_data(view, graph, claims, pages)
        return environment.get_template("large-network.html.j2").render(data=data, told=told)
    return _written(environment, view, graph, claims, pages)


def _written(
    environment: "Environment",
    view: View,
    graph: "Network",
    claims: Mapping[str, Mapping[str, Any]],
    pages: Mapping[str, str],
) -> str:
    """Write the page of a network that vis-network draws, with all of it in tables."""

    def own_page(name: str) -> dict[str, str]:
        return {"page": pages[name]} if name in pages else {}

    environment.globals.update(
        groups=_groups(view, graph, claims),
        claims=[
            {
                "id": name,
                "facts": view.facts_of(claim),
                **{key: claim[key] for key in _TOLD},
                **own_page(name),
            }
            for name, claim in claims.items()
        ],
        backs={name: link.back for name, link in view.links.items()},
    )
    net = _drawn(view, graph)
    for node in net.nodes:
        node |= own_page(node["id"])
    net.templateEnv = environment
    net.path = "network.html.j2"
    return str(net.generate_html())


def _parts(site: Surroundings | None, names: Sequence[str]) -> dict[str, Any]:
    """Give style and scripts, as files of the site or whole, and where they may come from."""
    from markupsafe import Markup

    static = files("kg") / "static"
    own_styles = [f"'{each}'" for each in styles_of_networks() if names is FILES]
    if site:
        own_style, *own_scripts = [PurePosixPath(name).name for name in names]
        beside = ["'self'", "file:"]
        return {
            "style": own_style,
            "scripts": own_scripts,
            "script_sources": _sources(beside),
            "style_sources": _sources([*beside, *own_styles]),
        }
    # Line ends are normalised as a browser does before it compares a hash.
    texts = ["\n".join((static / n).read_text("utf-8").splitlines()) for n in (_FRAME, *names)]
    frame, style, *scripts = map(Markup, texts)
    style = Markup("\n").join((frame, style))
    return {
        "style": style,
        "scripts": scripts,
        "script_sources": _sources(map(_hash, scripts)),
        "style_sources": _sources([_hash(style), *own_styles]),
    }


def styles_of_networks() -> list[str]:
    """List the hashes of the styles that vis-network sets, by which a policy can allow them.

    Example:
        >>> all(each.startswith("sha256-") for each in styles_of_networks())
        True
    """
    vendor = (files("kg") / "static" / "vendor.toml").read_text(encoding="utf-8")
    return list(tomllib.loads(vendor)["vis-network"]["styles"])


def _sources(allowed: Iterable[str]) -> "Markup":
    """Join what a Content-Security-Policy allows; its quotes are part of it."""
    from markupsafe import Markup

    return Markup(" ").join(map(Markup, allowed))


def _drawn(view: View, graph: "Network") -> Any:
    """Hand the graph to pyvis, each node and edge with its shape, colour and place."""
    from pyvis.network import Network as Pyvis

    net = Pyvis(directed=True)
    for name, node in graph.nodes(data=True):
        net.add_node(
            name,
            shape="custom",
            landmark=view.kinds[node["kind"]].landmark,
            facts=view.facts_of(node),
            **{key: node[key] for key in ("label", "kind", "description", "size", "x", "y")},
        )
    # In the order of the file, so that the details list links as the key does.
    order = list(view.links)
    for source, target, joined in sorted(
        graph.edges(data=True), key=lambda edge: order.index(edge[2].get("link", order[0]))
    ):
        if "claim" in joined:
            edge = {
                "claim": joined["claim"],
                "color": view.kinds[joined["kind"]].colour,
                "dashes": list(LINES["dashed"]) if joined["second_hand"] else False,
                "width": _width(joined["works"]),
                "arrows": "",
            }
        else:
            link = view.links[joined["link"]]
            edge = {
                "link": joined["link"],
                "color": link.colour,
                "dashes": list(link.dashes) or False,
                "width": _width(0),
                "arrows": "to" if link.arrow else "",
            }
        if graph.number_of_edges() <= _MANY_EDGES:
            net.add_edge(source, target, **edge)
        else:
            net.edges.append({"from": source, "to": target, **edge})
    # pyvis's set_options would take the spaces out of every text.
    net.options = {"physics": {"enabled": False}}
    return net


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _width(works: int) -> float:
    """How wide the line of a claim is, in pixels: the more works it rests on, the wider."""
    return 1.2 + 1.8 * min(works, 3)


def _groups(
    view: View, graph: "Network", claims: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Gather claims and nodes by group for the tables: each with what it is linked to, by link."""
    groups: dict[str, dict[str, Any]] = {
        kind.group: {"landmark": kind.landmark, "rows": []} for kind in view.kinds.values()
    }
    linked: dict[str, dict[str, dict[str, str]]] = {name: {} for name in (*claims, *graph)}
    incoming: Counter[str] = Counter()

    def link(name: str, how: str, other: str, label: str) -> None:
        linked[name].setdefault(how, {})[other] = label

    # In the order of the file, as in the key.
    order = list(view.links)
    for source, target, edge in sorted(
        graph.edges(data=True), key=lambda edge: order.index(edge[2].get("link", order[0]))
    ):
        if claim := edge.get("claim"):
            for end in (source, target):
                link(claim, graph.nodes[end]["kind"], end, graph.nodes[end]["label"])
                link(end, edge["kind"], claim, edge["label"])
        else:
            link(source, edge["link"], target, graph.nodes[target]["label"])
            incoming[target] += 1
    items: dict[str, Mapping[str, Any]] = {**claims, **dict(graph.nodes.items())}
    for name, item in items.items():
        links = {
            how: [{"id": other, "label": label} for other, label in others.items()]
            for how, others in linked[name].items()
        }
        row = {
            **item,
            **dict(view.facts_of(item)),
            "id": name,
            "links": links,
            "incoming": incoming[name],
        }
        groups[view.kinds[item["kind"]].group]["rows"].append(row)
    # What the head of the page says of all of them is not said again of each.
    said = {fact for fact, found in _scope(view, graph, claims).items() if len(found) == 1}
    for group in groups.values():
        rows = group["rows"]
        told = {fact for row in rows for fact in row} - said
        group["facts"] = [fact for fact in view.facts if fact in told]
        # Claims stay in the order of the query; what they point to is looked up by name.
        if group["landmark"]:
            rows.sort(key=lambda row: (row["label"], row["id"]))
    return {name: group for name, group in groups.items() if group["rows"]}


def _scope(
    view: View, graph: "Network", claims: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[str]]:
    """List every value of the facts that say what the view covers, each once, as people read it."""
    items = [*graph.nodes.values(), *claims.values()]
    found = {
        fact: sorted({each for item in items if fact in item for each in item[fact].split("; ")})
        for fact in view.scope
    }
    # In the order of the codes; that of the words would scatter the parts of a chapter.
    return {
        fact: list(map(section_in_words, told)) if fact in view.sections else told
        for fact, told in found.items()
    }
