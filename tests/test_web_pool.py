"""The pool and the zygote without HTTP: fair, and whole again whatever ends."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
from conftest import in_a_loop
from pyoxigraph import Store as Oxigraph
from served import tree

from kg.errors import KgError, QueryRefused
from kg.store import Most
from kg.web import pool as pools
from kg.web.pool import Busy, Limits, Pool, Stopped
from kg.web.zygote import Source, Zygote

JSON = {"table": "json", "boolean": "json"}
MOST = Most(rows=1000, size=1_000_000)
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
# Goes on until it is stopped.
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
_Told = TypeVar("_Told")


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    path = tmp_path / "graph.ttl"
    path.write_text("".join(f"<http://a/{n}> <http://b> {n} .\n" for n in range(5000)), "utf-8")
    return [path]


def left_since(before: set[int]) -> list[psutil.Process]:
    """What has come of this process since, and not of those that were there, such as a browser."""
    left = []
    for process in tree(os.getpid()):
        with suppress(psutil.NoSuchProcess):  # it has just ended
            others = before & {each.pid for each in process.parents()} - {os.getpid()}
            # The tracker of resources stays: multiprocessing starts it once, with the first one.
            stays = "resource_tracker" in " ".join(process.cmdline())
            if process.pid not in before and not others and not stays:
                left.append(process)
    return left


@pytest.fixture
def zygote(files: list[Path]) -> Iterator[Zygote]:
    before = {process.pid for process in tree(os.getpid())}
    descriptors = psutil.Process().num_fds()
    started = Zygote(Source(tuple(files)))
    yield started
    started.close()
    assert left_since(before) == []
    assert psutil.Process().num_fds() <= descriptors + 1


def run(
    zygote: Zygote,
    doing: Callable[[Pool], Coroutine[Any, Any, _Told]],
    *,
    seconds: float = 10,
    workers: int = 2,
    memory: int = 1024**3,
    again: bool = False,
) -> _Told:
    """Do something with a pool, and close it, which leaves no worker."""

    async def all_of_it() -> _Told:
        pool = Pool(zygote, Limits(seconds, MOST, memory), workers=workers, again=again)
        await pool.open()
        try:
            assert len(workers_of(zygote)) == workers == pool.alive
            return await doing(pool)
        finally:
            await pool.close()
            assert workers_of(zygote) == []

    return in_a_loop(all_of_it())


def workers_of(zygote: Zygote) -> list[psutil.Process]:
    with suppress(ValueError, psutil.NoSuchProcess):  # it has ended, and they with it
        return psutil.Process(zygote._process.pid).children()
    return []


def alive(zygote: Zygote) -> list[psutil.Process]:
    return [process for process in workers_of(zygote) if not has_ended(process)]


def has_ended(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True


def have_ended(processes: list[psutil.Process]) -> bool:
    return all(map(has_ended, processes))


def at_work(zygote: Zygote) -> list[psutil.Process]:
    return [process for process in alive(zygote) if process.cpu_times().user > 0.1]


async def count(pool: Pool) -> int:
    reply = await pool.ask(COUNT, JSON)
    (row,) = json.loads(b"".join(reply.body))["results"]["bindings"]
    return int(row["n"]["value"])


async def until(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come about in ten seconds")


def test_who_comes_first_is_served_first_and_none_starves(
    zygote: Zygote, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def doing(pool: Pool) -> None:
        begun: list[str] = []
        asked_of = pool._asked

        async def noted(worker: Any, asked: bytes) -> Any:
            begun.append(json.loads(asked)["text"])
            return await asked_of(worker, asked)

        monkeypatch.setattr(pool, "_asked", noted)
        texts = [f"ASK {{ ?s ?p {number} }}" for number in range(200)]
        await asyncio.gather(*(pool.ask(text, JSON) for text in texts))
        assert begun == texts

        served = [0] * 32
        ends = time.monotonic() + 2

        async def client(number: int) -> None:
            while time.monotonic() < ends:
                await count(pool)
                served[number] += 1

        await asyncio.gather(*(client(number) for number in range(32)))
        assert sum(served) > 32 * 3
        assert min(served) >= sum(served) / 32 / 2

    run(zygote, doing)


def test_an_answer_is_whole_and_cut_only_where_it_says_so(zygote: Zygote) -> None:
    async def doing(pool: Pool) -> None:
        whole = await pool.ask("SELECT * { ?s ?p ?o } LIMIT 1000", JSON)
        assert (whole.kind, whole.form, whole.rows, whole.reached) == ("table", "json", 1000, "")
        cut = await pool.ask("SELECT * { ?s ?p ?o }", JSON)
        assert (cut.rows, cut.reached) == (1000, "rows")
        assert len(json.loads(b"".join(cut.body))["results"]["bindings"]) == 1000
        few = await pool.ask("SELECT * { ?s ?p ?o }", JSON, most=Most(3, 1000))
        assert (few.rows, few.reached) == (3, "rows")
        none = await pool.ask("CONSTRUCT WHERE { ?s ?p ?o }", JSON)
        assert (none.kind, none.form, none.body) == ("graph", "", [])
        with pytest.raises(QueryRefused, match="begins with DROP"):
            await pool.ask("DROP ALL", JSON)
        assert pool.stopped == 0

    run(zygote, doing)


def test_a_query_is_stopped_at_its_deadline_and_the_pool_goes_on(zygote: Zygote) -> None:
    async def doing(pool: Pool) -> None:
        before = {process.pid for process in workers_of(zygote)}
        began = time.monotonic()
        with pytest.raises(Stopped, match=r"longer than 0\.5 seconds"):
            await pool.ask(ENDLESS, JSON)
        assert time.monotonic() - began < 1.5
        await until(lambda: len({p.pid for p in workers_of(zygote)} - before) == 1)
        await until(lambda: len(pool._idle) == 2)
        assert (await count(pool), await count(pool), pool.stopped) == (5000, 5000, 1)

    run(zygote, doing, seconds=0.5)


def test_a_query_that_needs_much_memory_is_stopped(zygote: Zygote) -> None:
    async def doing(pool: Pool) -> None:
        grow = "".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1}) " for n in range(32))
        with pytest.raises(Stopped, match="more than 300 MB of memory"):
            await pool.ask(f'SELECT (STRLEN(?x32) AS ?n) {{ BIND("x" AS ?x0) {grow} }}', JSON)
        assert await count(pool) == 5000

    run(zygote, doing, memory=300 * 1024**2)


def test_who_waits_in_vain_is_told_that_others_took_the_time(zygote: Zygote) -> None:
    async def doing(pool: Pool) -> None:
        asked = [pool.ask(ENDLESS, JSON) for _ in range(2)]
        asked.append(pool.ask(COUNT, JSON))
        *stopped, waited = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(error) for error in stopped] == [Stopped, Stopped]
        assert isinstance(waited, Busy)
        await until(lambda: len(pool._idle) == 2)
        assert await count(pool) == 5000

    run(zygote, doing, seconds=0.6)


def test_too_many_are_turned_away_at_once_and_those_who_left_do_not_count(
    zygote: Zygote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "_WAITING", 20)

    async def doing(pool: Pool) -> None:
        at_work = [asyncio.create_task(pool.ask(ENDLESS, JSON)) for _ in range(2)]
        waiting = [asyncio.create_task(pool.ask(COUNT, JSON)) for _ in range(20)]
        await asyncio.sleep(0.1)
        with pytest.raises(Busy, match="too many"):
            await pool.ask(COUNT, JSON)
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
        late = asyncio.create_task(count(pool))
        await asyncio.sleep(0.1)
        assert not late.done()
        for task in at_work:
            task.cancel()
        assert await late == 5000

    run(zygote, doing)


def test_what_a_client_asked_that_has_gone_is_not_worked_out(zygote: Zygote) -> None:
    async def doing(pool: Pool) -> None:
        before = {process.pid for process in workers_of(zygote)}
        task = asyncio.create_task(pool.ask(ENDLESS, JSON))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: len({p.pid for p in workers_of(zygote)} - before) == 1)
        assert pool.stopped == 1

    run(zygote, doing)


@pytest.mark.parametrize("is_at_work", [False, True])
def test_a_worker_that_is_killed_is_replaced(zygote: Zygote, is_at_work: bool) -> None:
    async def doing(pool: Pool) -> None:
        for _ in range(5):
            asked = asyncio.create_task(count(pool))
            if is_at_work:
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            for process in workers_of(zygote):
                process.kill()
            # Asked again of another worker, so that nobody notices.
            assert await asked == 5000
            # One that ended while it had nothing to do is noticed when it is its turn.
            assert await asyncio.gather(*(count(pool) for _ in range(4))) == [5000] * 4
        await until(lambda: len(alive(zygote)) == 2)

    run(zygote, doing, again=True)


def test_a_query_that_breaks_its_workers_is_not_asked_for_ever(zygote: Zygote) -> None:
    async def doing(pool: Pool) -> None:
        task = asyncio.create_task(pool.ask(ENDLESS, JSON))
        for _ in range(pool.workers + 1):
            await until(lambda: bool(at_work(zygote)))
            for busy in at_work(zygote):
                busy.kill()
            await until(lambda: not at_work(zygote))
        with pytest.raises(Stopped, match="memory"):
            await task

    run(zygote, doing, again=True)


def test_the_zygote_is_killed_and_the_pool_recovers(zygote: Zygote) -> None:
    async def doing(pool: Pool) -> None:
        for _ in range(2):
            old = workers_of(zygote)
            os.kill(zygote._process.pid or 0, signal.SIGKILL)
            assert await asyncio.gather(*(count(pool) for _ in range(8))) == [5000] * 8
            await until(partial(have_ended, old))
            await until(lambda: len(workers_of(zygote)) == 2)

    run(zygote, doing, again=True)


def test_a_pool_waits_for_files_that_are_broken_to_be_mended(
    zygote: Zygote, files: list[Path]
) -> None:
    async def doing(pool: Pool) -> None:
        sound = files[0].read_text("utf-8")
        files[0].write_text("nonsense", "utf-8")
        old = workers_of(zygote)
        os.kill(zygote._process.pid or 0, signal.SIGKILL)
        await until(partial(have_ended, old))  # one of them could still answer
        with pytest.raises(Busy):
            await pool.ask(COUNT, JSON)
        files[0].write_text(sound, "utf-8")
        await until(lambda: len(pool._idle) == 2)
        assert await count(pool) == 5000

    run(zygote, doing, seconds=1.5, again=True)


def test_closing_ends_what_goes_on_and_tells_those_who_wait(zygote: Zygote) -> None:
    async def doing(pool: Pool) -> None:
        tasks = [asyncio.create_task(pool.ask(ENDLESS, JSON)) for _ in range(4)]
        await asyncio.sleep(0.2)
        await pool.close()
        told = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 2)
        assert [type(error) for error in told[2:]] == [Busy, Busy]
        assert {type(error) for error in told[:2]} <= {Busy, Stopped}
        with pytest.raises(Busy, match="ending"):
            await pool.ask(COUNT, JSON)

    run(zygote, doing, again=True)


def test_a_start_that_fails_says_which_file_and_leaves_no_process(tmp_path: Path) -> None:
    sound, damaged = tmp_path / "sound.ttl", tmp_path / "damaged.ttl"
    sound.write_text("<http://a> <http://b> 1 .", "utf-8")
    damaged.write_text("<http://a> <http://b> 1 .\n<http://a> <http://b> nonsense .", "utf-8")
    empty = tmp_path / "empty"
    empty.mkdir()
    broken = tmp_path / "broken"
    Oxigraph(str(broken)).flush()
    for manifest in broken.glob("MANIFEST-*"):
        manifest.write_bytes(b"damaged")
    huge = tmp_path / "huge.ttl"
    huge.write_text(f'<http://a> <http://b> "{"x" * 17_000_000}" .', "utf-8")
    before = len(tree(os.getpid()))
    for source, named in (
        (Source((sound, damaged)), damaged),
        (Source((sound, tmp_path / "missing.ttl")), tmp_path / "missing.ttl"),
        (Source((sound, empty)), empty),
        (Source((huge,)), huge),
        (Source(folder=tmp_path / "nowhere"), tmp_path / "nowhere"),
        (Source(folder=empty), empty),
        (Source(folder=sound), sound),
        (Source(folder=broken), broken),
    ):
        with pytest.raises(KgError) as caught:
            Zygote(source)
        assert named.name in caught.value.where + caught.value.what, source
        assert caught.value.fix
    assert len(tree(os.getpid())) <= before + 1


def test_a_worker_that_ends_while_idle_is_replaced_and_leaves_no_zombie(zygote: Zygote) -> None:
    async def doing(pool: Pool) -> None:
        (victim,) = workers_of(zygote)
        victim.kill()
        for _ in range(100):
            await asyncio.sleep(0.1)
            now = workers_of(zygote)
            if now and victim not in now:
                break
        assert [each.status() for each in now] != [psutil.STATUS_ZOMBIE]
        assert len(now) == 1 and victim not in now

    run(zygote, doing, workers=1)
