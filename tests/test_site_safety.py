"""What stands in the graph stays text: payloads in all of its words and addresses run nowhere."""

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse, serialize

from kg.errors import KgError, UnreadableFile
from kg.project import Project, start_home
from kg.site.build import build_site
from kg.store import open_store
from kg.terms import PREFIXES, expand

# Each tells the page that it ran. They break out of elements, attributes, comments, scripts, JSON,
# style, SVG and templates, in the ways that filters are known to miss.
RUN = "window.ran=1"
WORDS = [
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"</title><script>{RUN}</script>",
    f"</textarea><script>{RUN}</script>",
    f"</style><script>{RUN}</script>",
    f"--><script>{RUN}</script><!--",
    f"]]><script>{RUN}</script>",
    f"<ScRiPt >{RUN}</sCrIpT >",
    f"<scr<script>ipt>{RUN}</scr</script>ipt>",
    f"<img src=x onerror={RUN}>",
    f"<img src='x' onerror='{RUN}'>",
    f"<svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<math><mtext><img src=x onerror={RUN}></mtext></math>",
    f"<details open ontoggle={RUN}>",
    f"<body onload={RUN}>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<a href='javascript:{RUN}'>x</a>",
    f'" onmouseover="{RUN}" autofocus onfocus="{RUN}" x="',
    f"' onmouseover='{RUN}' autofocus onfocus='{RUN}' x='",
    f"` onfocus={RUN} autofocus x=`",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"&#60;script&#62;{RUN}&#60;/script&#62;",
    f"\\u003cscript\\u003e{RUN}\\u003c/script\\u003e",
    f"{{{{ ''.__class__ }}}}{{% set x = 1 %}}<script>{RUN}</script>",
    f"${{{RUN}}}<template><script>{RUN}</script></template>",
    f"\u2028<script>{RUN}</script>\u2029",
    f"<style>@import 'javascript:{RUN}';</style><link rel=stylesheet href=javascript:{RUN}>",
    f'<meta http-equiv=refresh content="0;url=javascript:{RUN}">',
]
ADDRESSES = [
    f"javascript:{RUN}",
    f"JaVaScRiPt:{RUN}",
    f"data:text/html,%3Cscript%3E{RUN}%3C/script%3E",
    f"vbscript:{RUN}",
    f"https://example.org/'onmouseover='{RUN}",
    "https://example.org/?q=%22%3E%3Cscript%3E",
]
LANGUAGES = ["en-x-script", "en-x-onload", "en-GB-oxendict-x-alert"]
# What ids, vocabularies and readers go by cannot be other words.
_KEPT = {
    expand(f"kg:{name}")
    for name in ("textDigest", "passageDigest", "section", "start", "end", "piece", "page")
}
_LINKS = {expand(name) for name in ("rdfs:seeAlso", "dcterms:license", "dcterms:conformsTo")}


def poisoned(path: Path, words: Iterator[str], tags: Iterator[str], links: Iterator[str]) -> bytes:
    """The triples of a file, with a payload at the end of every text and as every web link."""

    def of(triple: Triple) -> Triple:
        value = triple.object
        if triple.predicate.value in _LINKS:
            return Triple(triple.subject, triple.predicate, NamedNode(next(links)))
        if isinstance(value, Literal) and triple.predicate.value not in _KEPT:
            if value.language:
                value = Literal(f"{value.value} {next(words)}", language=next(tags))
            elif value.datatype.value == f"{PREFIXES['xsd']}string":
                value = Literal(f"{value.value} {next(words)}")
        return Triple(triple.subject, triple.predicate, value)

    triples = [of(quad.triple) for quad in parse(path=str(path), format=RdfFormat.TURTLE)]
    return serialize(triples, format=RdfFormat.TURTLE) or b""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("poisoned") / "graph"
    start_home(home)
    words, tags, links = cycle(WORDS), cycle(["en", *LANGUAGES]), cycle(ADDRESSES)
    for path in sorted((home / "data" / "triples").rglob("*.ttl")):
        path.write_bytes(poisoned(path, words, tags, links))
    for path in sorted((home / "ontology" / "vocab").glob("*.ttl")):
        path.write_bytes(poisoned(path, words, cycle(["en"]), links))
    works = home / "data" / "triples" / "works.ttl"
    work = "<https://w3id.org/evidence-kg/source/placeholder-2019>"
    more = [f"{work} <{expand('rdfs:seeAlso')}> <{address}> ." for address in ADDRESSES]
    works.write_bytes(works.read_bytes() + "\n".join(more).encode())
    project = Project(home)
    build_site(project, open_store(project), home.parent / "site")
    return home.parent / "site"


@pytest.mark.full
def test_payloads_run_on_no_page(site: Path, browser: Browser) -> None:
    page = browser.new_page()
    found: list[str] = []
    page.on("dialog", lambda dialog: (found.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda r: None if r.url.startswith("file:") else found.append(r.url))
    told = ""
    for path in sorted(site.rglob("*.html")):
        page.goto(path.as_uri())
        if page.evaluate("window.ran"):
            found.append(path.name)
        # Whatever is a link leads into the site or to the web.
        found += page.evaluate(
            "[...document.querySelectorAll('a')].filter((a) => a.hasAttribute('href'))"
            ".map((a) => new URL(a.getAttribute('href'), location).protocol)"
            ".filter((protocol) => !['file:', 'https:', 'http:', 'mailto:'].includes(protocol))"
        )
        told += page.evaluate("document.body.textContent")
    page.close()
    assert found == []
    # Each payload can be read as what it is, so that none was simply left out.
    assert [words for words in WORDS if words not in told] == []


@pytest.mark.parametrize("text", ['"x"@"><script>', "<https://e.org/<script>>", "<java script:x>"])
def test_what_is_no_rdf_is_refused(tmp_path: Path, text: str) -> None:
    home = tmp_path / "graph"
    start_home(home)
    works = home / "data" / "triples" / "works.ttl"
    works.write_text(f"{works.read_text('utf-8')}\n<https://e.org/a> <https://e.org/b> {text} .")
    with pytest.raises(UnreadableFile, match=r"works\.ttl"):
        open_store(Project(home))


def test_a_claim_without_an_id_of_ours_is_told(tmp_path: Path) -> None:
    home = tmp_path / "graph"
    start_home(home)
    part = home / "data" / "triples" / "lowmere-2025" / "joint-working.ttl"
    text = part.read_text(encoding="utf-8")
    part.write_text(
        text.replace("statement:lowmere-2025-004\n", "<https://e.org/../../a?b>\n"), "utf-8"
    )
    project = Project(home)
    with pytest.raises(KgError, match="no id of ours") as error:
        build_site(project, open_store(project), tmp_path / "site")
    assert "kg validate" in error.value.fix
