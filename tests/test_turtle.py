import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from kg.errors import KgError, UnreadableFile
from kg.fmt import format_file
from kg.locations import locate
from kg.project import Project
from kg.terms import PREFIXES
from kg.turtle import read_turtle, write_file, write_turtle

HEAD = "@prefix agency: <https://w3id.org/evidence-kg/agency/> .\n"


def put(folder: Path, content: str | bytes) -> Path:
    path = folder / "data.ttl"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("content", "place", "what", "fix"),
    [
        ("agency:x a agency:y .", ":1:1", "prefix agency: is not declared", "@prefix agency:"),
        ("agancy:x a <u:y> .", ":1:1", "prefix agancy: is not declared", "agency"),
        (HEAD + "agency:x a <u:a b> .", ":2:", "IRI is malformed", "spaces"),
        (HEAD + "agency:x a agency:y\nagency:z a agency:y .", ":3:", "dot", "missing"),
        (HEAD + 'agency:x a "open .\n', ":2:", "not well-formed", "quote"),
        (b"\xff\xfe" + "a".encode("utf-16-le"), ":1:1", "UTF-16", "UTF-8"),
        ("<u:a> <u:b> <u:c> .".encode("utf-16-be"), ":1:1", "UTF-16", "UTF-8"),
        (b'<u:a> <u:b>\n "caf\xe9" .', ":2:6", "Latin-1", "UTF-8"),
        ("<u:a> <u:b> " + "[ <u:c> " * 101 + "1" + "]" * 101 + " .", ":1", "nested", "flatten"),
        ("<a> <u:b> <u:c> .", ":1:", "relative", "prefix"),
        ('<u:a> <u:b> <<( <u:a> <u:b> "x" )>> .', "", "inside another", "evidence line"),
    ],
)
def test_a_fault_is_told_with_its_place(
    tmp_path: Path, content: str | bytes, place: str, what: str, fix: str
) -> None:
    path = put(tmp_path, content)
    with pytest.raises(UnreadableFile, match=what) as error:
        read_turtle(path)
    assert f"data.ttl{place}" in error.value.where
    assert fix in error.value.fix


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="cannot be read"):
        read_turtle(tmp_path / "none.ttl")
    with pytest.raises(UnreadableFile, match="cannot be read"):
        read_turtle(tmp_path)


def test_a_pipe_or_a_device_is_refused(tmp_path: Path) -> None:
    """Reading one may never end."""
    os.mkfifo(tmp_path / "pipe.ttl")
    for path in (tmp_path / "pipe.ttl", Path("/dev/zero")):
        with pytest.raises(UnreadableFile, match="a pipe or a device"):
            read_turtle(path)


def test_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = put(tmp_path, b"\xef\xbb\xbf" + HEAD.encode() + b"agency:x\r\n a agency:y .\r\n")
    assert len(read_turtle(path).triples) == 1
    assert "\r" not in format_file(path)


def test_lexical_forms_are_kept(tmp_path: Path) -> None:
    path = put(tmp_path, '<u:a> <u:b> 01, 1.50, 1e0, true, "1"^^<u:t>, "x"@en-GB, "a\\nb" .')
    text = format_file(path)
    assert "01, 1.50" in text
    assert '"1e0"^^xsd:double' in text
    # RDF compares language tags without regard to case; Oxigraph writes them in lower case.
    assert '"x"@en-gb' in text


def test_comments_are_kept_beside_their_blocks(tmp_path: Path) -> None:
    path = put(
        tmp_path,
        "# head\n"
        + HEAD
        + '\n# of z\nagency:z a agency:y ; # "in" z\n  <u:p> "# no comment", <u:#no> . # after z\n'
        "# of a\nagency:a a agency:y .\n# end\n",
    )
    assert format_file(path).splitlines() == [
        "# head",
        "",
        "@prefix agency: <https://w3id.org/evidence-kg/agency/> .",
        "",
        "# of a",
        "# end",
        "agency:a",
        "    a agency:y .",
        "",
        "# of z",
        '# "in" z',
        "# after z",
        "agency:z",
        "    a agency:y ;",
        '    <u:p> "# no comment", <u:#no> .',
    ]


@pytest.mark.parametrize("node", ["[ a <u:b> ]", "( 1 2 )", "_:b"])
def test_a_blank_node_is_refused_with_its_line(tmp_path: Path, node: str) -> None:
    with pytest.raises(KgError, match="blank node") as error:
        format_file(put(tmp_path, f"<u:a>\n <u:p> {node} ."))
    assert error.value.where.endswith("data.ttl:2")


IRIS = st.sampled_from([f"{PREFIXES[p]}{n}" for p in ("agency", "kg", "rdfs") for n in "ab"]) | (
    st.sampled_from(["urn:x:y", "https://example.org/a#b", "https://w3id.org/evidence-kg/x/"])
)
LITERALS = st.builds(
    Literal, st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
) | st.builds(
    lambda form, kind: Literal(form, datatype=NamedNode(f"{PREFIXES['xsd']}{kind}")),
    st.sampled_from(["1", "01", "1.50", "-.5", "1e3", "true", "x"]),
    st.sampled_from(["integer", "decimal", "double", "boolean", "date"]),
)
TRIPLES = st.builds(
    Triple, IRIS.map(NamedNode), IRIS.map(NamedNode), IRIS.map(NamedNode) | LITERALS
)


@given(st.lists(TRIPLES, max_size=8), st.lists(st.text("ab #<\"'.", max_size=6), max_size=3))
def test_nothing_is_lost_and_a_second_run_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, triples: list[Triple], comments: list[str]
) -> None:
    path = tmp_path_factory.mktemp("fmt") / "x.ttl"
    lines = [line for c in comments for line in (f"# {c}",)]
    path.write_text("\n".join(lines) + "\n\n" + write_turtle(triples), encoding="utf-8")
    once = format_file(path)
    assert {quad.triple for quad in parse(once, format=RdfFormat.TURTLE)} == set(triples)
    for line in lines:
        assert line.rstrip() in once
    path.write_text(once, encoding="utf-8")
    assert format_file(path) == once


@pytest.mark.parametrize("path", Project().data_files(), ids=lambda path: path.stem)
def test_the_data_stand_in_the_canonical_layout(path: Path) -> None:
    assert format_file(path) == path.read_text(encoding="utf-8")


def test_lines_are_found(tmp_path: Path) -> None:
    path = put(
        tmp_path, '# c\n<u:a>\n  <u:p> "x",\n    <u:a> ;\n  <u:q> 1 .\n\n<u:b> <u:p> "x" .\n'
    )
    found = locate(path)
    assert [found.line("u:a"), found.line("u:a", "u:q"), found.line("u:b")] == [2, 5, 7]
    assert found.line("u:a", "u:p", "u:a") == 4
    assert found.line("u:a", "u:p", "no such value") == 3
    assert found.line("u:a", "u:none") == 2
    assert found.line("u:none") is None


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = put(tmp_path, "old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(UnreadableFile, match="No space"):
        write_file(path, "new")
    monkeypatch.undo()
    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["data.ttl"]


def test_a_write_replaces_and_keeps_the_mode(tmp_path: Path) -> None:
    path = put(tmp_path, "old")
    path.chmod(0o640)
    write_file(path, "new\n")
    assert path.read_bytes() == b"new\n"
    assert path.stat().st_mode & 0o777 == 0o640 or os.name == "nt"


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    path = put(tmp_path, "old")
    link = tmp_path / "link.ttl"
    link.symlink_to(path)
    write_file(link, "new")
    assert link.is_symlink()
    assert path.read_text(encoding="utf-8") == "new"
