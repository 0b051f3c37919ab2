import os
import subprocess
import sys
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
from kg.turtle import read_turtle, write_turtle

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
        ('<u:a> <u:b> "<<(" .\n<u:a> <u:b> <<( <u:a> <u:b> "x" )>> .', ":2", "inside", "evidence"),
        ("<u:a> <u:b> <u:~> .\n\n<u:a> <u:b> 1 {| <u:c> 2 |} .", ":3", "inside", "evidence line"),
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


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "works.ttl").symlink_to("gone.ttl")
    with pytest.raises(UnreadableFile, match="link") as error:
        read_turtle(tmp_path / "works.ttl")
    assert "delete the link" in error.value.fix


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


def test_a_language_is_written_as_its_standard_would_have_it(tmp_path: Path) -> None:
    """RDF compares tags without regard to case, and Oxigraph reads them in lower case."""
    tags = ["en", "en-GB", "en-CA-x-ca", "zh-Hant-TW", "sl-rozaj-1994", "de-DE-u-co-phonebk"]
    lines = "".join(f'<u:a> <u:{tag}> "x"@{tag.upper()} .\n' for tag in tags)
    text = format_file(put(tmp_path, lines))
    assert [tag for tag in tags if f'<u:{tag}> "x"@{tag} ' not in text] == []
    assert len(read_turtle(put(tmp_path, text)).triples) == len(tags)


def test_line_ends_in_a_literal_are_part_of_it(tmp_path: Path) -> None:
    content = b"# head\r\n<u:a> <u:b> \"\"\"one\r\ntwo\rthree\n\"\"\",\r\n  '''\r\n''' .\r\n# tail"
    text = format_file(put(tmp_path, content))
    assert r'"one\r\ntwo\rthree\n"' in text and r'"\r\n"' in text
    assert "\r" not in text and text.startswith("# head\n# tail\n<u:a>")
    # Lines are told as an editor counts them.
    with pytest.raises(UnreadableFile) as error:
        read_turtle(put(tmp_path, content.replace(b"# tail", b"junk")))
    assert error.value.where.endswith("data.ttl:8:1")


def test_an_escaped_character_in_a_name_is_no_comment_and_no_bracket(tmp_path: Path) -> None:
    path = put(
        tmp_path,
        HEAD + "\n# of a\nagency:a.\\#b\n  # in a\n  agency:p agency:\\(, agency:\\'x .\n"
        "# of c\nagency:c agency:p 1 .\n",
    )
    text = format_file(path)
    assert [line for line in text.splitlines() if "#" in line] == [
        *("# of a", "# in a", "<https://w3id.org/evidence-kg/agency/a.#b>", "# of c")
    ]


@pytest.mark.parametrize("text", ["", HEAD, f"# to come\n{HEAD}\n# more\n"])
def test_a_file_that_states_nothing_yet_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    assert format_file(put(tmp_path, text)) == text


@pytest.mark.parametrize("gap", ["", "\n"])
def test_a_comment_that_touches_the_first_block_is_of_that_block(tmp_path: Path, gap: str) -> None:
    """With a gap it is of the file; a second run sees no other sense in either."""
    path = put(tmp_path, f"# said\n{gap}<u:z> <u:p> 1 .\n\n<u:a> <u:p> 1 .\n")
    once = format_file(path)
    assert once.startswith(
        "# said\n\n<u:a>\n" if gap else "<u:a>\n    <u:p> 1 .\n\n# said\n<u:z>\n"
    )
    assert format_file(put(tmp_path, once)) == once


def test_a_character_of_code_zero_is_no_sign_of_another_encoding(tmp_path: Path) -> None:
    path = put(tmp_path, b'<u:a> <u:b> "\0" .')
    assert read_turtle(put(tmp_path, format_file(path))).triples == read_turtle(path).triples


def test_hostile_texts_are_read_in_time(tmp_path: Path) -> None:
    """Half a million characters each: where work grows as the square, one takes minutes."""
    head = "<u:a> <u:b> "
    units = ["<", "<a ", "[", '"', "'", "#", "_:", "\\", '"a\n', '"\\"', "\r", "@prefix ", "a:"]
    texts = [unit * (500_000 // len(unit)) for unit in units]
    texts += [
        f"{head}{quote}{500_000 // 3 * unit}"
        for quote in ('"', '"""', "'''")
        for unit in ('\\" ', '""\\', "\\' ", "''a")
    ]
    for number, text in enumerate(texts):
        (tmp_path / f"{number:02}.ttl").write_text(text, encoding="utf-8", newline="")
    program = (
        "import sys; from pathlib import Path; from kg.errors import KgError\n"
        "from kg.fmt import format_file\n"
        "for path in sorted(Path(sys.argv[1]).iterdir()):\n"
        "    try: format_file(path)\n"
        "    except KgError as error: print(error)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    told = ended.stdout.splitlines()
    assert len(told) == len(texts) - 2  # lines of a comment, and empty ones, say nothing wrong
    assert all(".ttl:1:" in line and len(line) < 1000 for line in told)


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


@pytest.mark.parametrize(
    "path",
    [*Project().vocabulary_files(), *Project().data_files()][::4],
    ids=lambda path: path.stem,
)
def test_lines_of_one_subject_are_those_among_all(path: Path) -> None:
    every = locate(path).lines
    named = [key for key in every if all(":" in part or " " in part for part in key)]
    assert named
    for subject in {key[0] for key in named}:
        alone = locate(path, {subject}).lines
        wanted = [key for key in named if key[0] == subject]
        assert [alone.get(key) for key in wanted] == [every[key] for key in wanted]
        assert len(alone) < len(every) or len({key[0] for key in named}) == 1


def test_lines_of_one_subject_are_found_however_it_is_written(tmp_path: Path) -> None:
    path = put(
        tmp_path,
        '# of u:b. <u:b>\n@prefix : <x:n/> . PREFIX y: <x:n/>\n<u:b> <u:p> 1.0, """. <u:c>\n""" .\n'
        '# more .\n:c\\-d <u:p> "x" .y:e<u:p>"." .\ny:f<u:p>"x".y:g <u:p> 1 .\n[ <u:p> 2 ] . '
        "<x:n/\\u0068> <u:p> 3 .\n<u:z> <u:p> 4 .\n",
    )
    lines = {"u:b": 3, "x:n/c-d": 6, "x:n/e": 6, "x:n/f": 7, "x:n/g": 7, "x:n/h": 8}
    for subject, line in lines.items():
        assert locate(path, {subject}).line(subject) == line == locate(path).line(subject)
    assert locate(path, {"x:n/f"}).line("u:z") is None
