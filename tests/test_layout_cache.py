"""What was laid out is kept: found again, bounded, and never in the way."""

import os
from collections.abc import Callable
from pathlib import Path

import networkx
import pytest

from kg import layout_cache
from kg.layout_cache import cache_folder, places_of

Graph = networkx.MultiDiGraph


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KG_CACHE", str(tmp_path / "new" / "cache"))
    return tmp_path / "new" / "cache"


@pytest.fixture
def laid_out(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many nodes were laid out each time that they were."""
    times: list[int] = []
    lay_out = layout_cache.lay_out

    def counted(graph: "Graph[str]", method: str) -> layout_cache.Places:
        times.append(len(graph))
        return lay_out(graph, method)

    monkeypatch.setattr(layout_cache, "lay_out", counted)
    return times


def star(size: int) -> "Graph[str]":
    return Graph([("middle", f"ray {number}") for number in range(size)])


def test_the_same_network_is_laid_out_once(cache: Path, laid_out: list[int]) -> None:
    first = places_of(star(9))
    assert places_of(star(9)) == first
    assert laid_out == [10]
    (entry,) = cache.iterdir()
    assert entry.name.startswith("layout-")


@pytest.mark.parametrize(
    "other",
    [
        star(4),
        Graph([("middle", f"ray {number}") for number in (0, 2, 1)]),
        Graph([*star(3).edges(), ("ray 0", "ray 1")]),
        Graph([("middle", f"ray {number}", {"claim": "c"}) for number in range(3)]),
    ],
    ids=["nodes", "order", "edges", "claims"],
)
@pytest.mark.usefixtures("cache")
def test_another_network_is_laid_out_anew(other: "Graph[str]", laid_out: list[int]) -> None:
    places_of(star(3))
    places_of(other)
    assert laid_out == [4, len(other)]


def test_another_version_of_the_method_lays_out_anew(
    cache: Path, laid_out: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    places_of(star(3))
    monkeypatch.setattr(layout_cache, "method_for", lambda size: "springs 99")
    places_of(star(3))
    assert laid_out == [4, 4]
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-9],
        lambda content: content.replace(b"[", b"[1", 2),
        lambda content: b"\xff\x00" * 40,
    ],
    ids=["empty", "cut", "changed", "other"],
)
def test_a_damaged_entry_is_laid_out_anew_and_mended(
    cache: Path, laid_out: list[int], damage: Callable[[bytes], bytes]
) -> None:
    first = places_of(star(3))
    (entry,) = cache.iterdir()
    whole = entry.read_bytes()
    entry.write_bytes(damage(whole))
    assert places_of(star(3)) == first
    assert laid_out == [4, 4]
    assert entry.read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, laid_out: list[int]
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("KG_CACHE", str(tmp_path / "file" / "cache"))
    assert places_of(star(3)) == places_of(star(3))
    assert laid_out == [4, 4]


def test_an_entry_that_cannot_be_read_is_no_error(cache: Path, laid_out: list[int]) -> None:
    places_of(star(3))
    (entry,) = cache.iterdir()
    entry.unlink()
    entry.mkdir()
    assert len(places_of(star(3))) == 4
    assert laid_out == [4, 4]


def test_the_oldest_entries_go_first(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries: list[Path] = []
    for age, size in enumerate((9, 8, 7)):
        places_of(star(size))
        (new,) = set(cache.iterdir()) - set(entries)
        os.utime(new, (1000 + age, 1000 + age))
        entries.append(new)
    other = cache / "other.txt"
    other.write_text("not ours to delete" * 99)
    monkeypatch.setattr(layout_cache, "MOST", sum(path.stat().st_size for path in entries))
    places_of(star(3))
    left = set(cache.iterdir())
    assert left >= {*entries[1:], other}
    assert entries[0] not in left
    assert len(left) == 4


def test_the_folder_is_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == Path(os.environ["KG_CACHE"])
    monkeypatch.delenv("KG_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "evidence-kg"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/whole")
    assert cache_folder() == Path.home() / ".cache" / "evidence-kg"


def test_without_a_home_there_is_no_cache(
    monkeypatch: pytest.MonkeyPatch, laid_out: list[int]
) -> None:
    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.delenv("KG_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert cache_folder() is None
    assert places_of(star(3)) == places_of(star(3))
    assert laid_out == [4, 4]
