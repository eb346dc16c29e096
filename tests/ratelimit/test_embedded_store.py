from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from time import sleep
from typing import Any
from weakref import WeakSet

import pytest
from embedded_store_support import (
    HOUR,
    abuse_until,
    entry,
    fills_the_disk,
    forks,
    hits_in_a_folder_to_read,
    hits_until,
    in_processes,
    pairs_without_end,
    started,
    storm,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from stores_support import Clock, assert_agrees, histories

from django_hardened.ratelimit import (
    embedded_connections,
    embedded_place,
    embedded_store,
    embedded_waits,
)
from django_hardened.ratelimit.decisions import Entry, StoreUnavailable
from django_hardened.ratelimit.embedded_connections import Connections
from django_hardened.ratelimit.embedded_place import default_path
from django_hardened.ratelimit.embedded_store import EmbeddedStore
from django_hardened.ratelimit.in_process import InProcessStore
from django_hardened.ratelimit.rates import MAX_SECONDS, Limit

# Such a file is left where it is.
OF_ANOTHER_PROGRAM = (
    "is the database of something else",
    "unsupported file format",
    "attempt to write a readonly database",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "counts" / "ratelimit.sqlite3"


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_connections, "LOOK_EVERY", 0.0)


def remaining(store: EmbeddedStore, key: str = "k") -> int:
    return store.hit([entry(key)], 0)[0].remaining


def has_rows(path: Path) -> bool:
    """Whether another process, which has perhaps just begun, has made the table by now."""
    if not (path.exists() and path.stat().st_size):
        return False
    connection = sqlite3.connect(path)
    tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    connection.close()
    return ("counts_1",) in tables


def rows(path: Path) -> dict[str, int]:
    connection = sqlite3.connect(path)
    found = dict(connection.execute("SELECT key, expires FROM counts_1").fetchall())
    connection.close()
    return found


# -- What it decides -----------------------------------------------------------------------------

KEYS = [
    entry("a", 3, 1),
    entry("b", 5, 60),
    entry("c", 0, 60),
    entry("d", 70_000, HOUR),
    entry("e", 2, MAX_SECONDS),
]
steps = st.lists(
    st.tuples(
        st.sampled_from(["hit", "hit", "hit", "take_back", "clear"]),
        st.lists(st.sampled_from(KEYS), max_size=4, unique=True),
        st.integers(0, 3),
        st.sampled_from([0.0, 0.0, 0.01, 0.5, 1.0, 30.0, 61.0, 3600.0, -0.5, -30.0, -10_000.0]),
    ),
    max_size=40,
)


@contextmanager
def never_tidied() -> Iterator[None]:
    """What is past is no longer in the file, where the model has it when a clock steps back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded_store, "_NEW_ROWS", 10**6)
        yield


@settings(max_examples=100, deadline=None)
@given(histories())
def test_it_keeps_the_bytes_of_the_model(history: Any) -> None:
    clock = Clock()
    with TemporaryDirectory() as folder, never_tidied():
        path = Path(folder, "x.sqlite3")
        store = EmbeddedStore(path, clock=clock)
        store.hit([], 1)
        reader = sqlite3.connect(path)

        def state_of(one: Entry) -> bytes | None:
            rows = reader.execute("SELECT state FROM counts_1 WHERE key = ?", [one.key])
            return next((state for [state] in rows), None)

        assert_agrees(store, clock, history, state_of)
        reader.close()


@settings(max_examples=100, deadline=None)
@given(steps)
def test_it_decides_as_the_model_does(moves: Any) -> None:
    clock = Clock()
    with TemporaryDirectory() as folder, never_tidied():
        store = EmbeddedStore(Path(folder, "x.sqlite3"), clock=clock)
        model = InProcessStore(clock=clock)
        counted: list[Any] = []
        for deed, entries, cost, pause in moves:
            clock.now += pause
            if deed == "hit":
                said = store.hit(entries, cost)
                assert said == model.hit(entries, cost)
                counted.append((entries, cost, [standing.quantum for standing in said]))
            elif deed == "take_back" and counted:
                hit = counted.pop()
                store.take_back(*hit)
                model.take_back(*hit)
            elif deed == "clear":
                store.clear(entries)
                model.clear(entries)


@pytest.mark.parametrize(("processes", "threads"), [(8, 4), (16, 4)])
def test_exactly_n_of_n_under_a_storm(path: Path, processes: int, threads: int) -> None:
    admitted = in_processes(processes, storm, path, threads, 60, [entry("k")])
    assert sum(admitted) == 100


def test_all_or_nothing_under_a_storm(path: Path) -> None:
    limits = [entry("few", 100), entry("many", 10_000)]
    assert sum(in_processes(4, storm, path, 4, 60, limits)) == 100
    assert EmbeddedStore(path).hit([limits[1]], 0)[0].remaining == 9_900


def test_a_refused_hit_writes_nothing(path: Path) -> None:
    store = EmbeddedStore(path)
    store.hit([entry("full", 1)], 1)
    before = rows(path)
    for number in range(50):
        assert store.hit([entry("full", 1), entry(f"name{number}")], 1)[0].wait > 0
    assert rows(path) == before


def test_the_time_is_that_of_the_last_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hit whose row has changed since it was read starts again."""
    store, other = EmbeddedStore(path), EmbeddedStore(path)
    limits = [[entry("k", 3)], [entry("k", 3), entry("l", 3)], [entry("k", 3)]]
    load = EmbeddedStore._load

    def late(self: EmbeddedStore, *args: Any) -> Any:
        loaded = load(self, *args)
        if self is store and limits:
            other.hit(limits.pop(), 1)
        return loaded

    monkeypatch.setattr(EmbeddedStore, "_load", late)
    assert store.hit([entry("k", 3), entry("m", 3)], 1)[0].wait > 0
    assert sorted(rows(path)) == ["k", "l"]


# -- Its place -----------------------------------------------------------------------------------


def test_the_default_place_is_that_of_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: "/tmp")
    user = os.geteuid()
    assert default_path("config.settings") == Path(
        f"/tmp/django-hardened-{user}/config.settings.sqlite3"
    )
    assert default_path("../é").name == ".._.sqlite3".replace("_", "__")
    assert default_path("").name == "project.sqlite3"
    monkeypatch.setattr(embedded_place, "_HAS_USERS", False)
    assert default_path("x").parent.name == "django-hardened-0"


def test_nobody_else_may_read_it(path: Path) -> None:
    EmbeddedStore(path).hit([entry("k")], 1)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    keeper = EmbeddedStore(path)
    keeper.hit([entry("k")], 1)
    for name in ("", "-wal", "-shm"):
        assert Path(f"{path}{name}").stat().st_mode & 0o777 == 0o600


def _symlinked_folder(path: Path) -> None:
    (path.parent.parent / "theirs").mkdir()
    path.parent.symlink_to(path.parent.parent / "theirs")


def _symlinked_file(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    (path.parent / "precious").touch(mode=0o600)
    path.symlink_to(path.parent / "precious")


def _file_for_a_folder(path: Path) -> None:
    path.parent.touch()


def _folder_for_a_file(path: Path) -> None:
    path.mkdir(parents=True)


def _open_folder(path: Path) -> None:
    path.parent.mkdir()
    path.parent.chmod(0o775)


def _open_file(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    path.touch()
    path.chmod(0o640)


def _no_parent(path: Path) -> None:
    path.parent.parent.rmdir()


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (_symlinked_folder, "counts is no folder"),
        (_symlinked_file, "ratelimit.sqlite3 is no file"),
        (_file_for_a_folder, "counts is no folder"),
        (_folder_for_a_file, "ratelimit.sqlite3 is no file"),
        (_open_folder, "counts can be written by other users"),
        (_open_file, "ratelimit.sqlite3 can be read by other users"),
        (_no_parent, "No such file or directory"),
    ],
)
def test_a_place_that_is_not_ours_alone(path: Path, prepare: Any, reason: str) -> None:
    prepare(path)
    with pytest.raises(StoreUnavailable, match=reason):
        EmbeddedStore(path).hit([entry("k")], 1)


@pytest.mark.parametrize("owned", ["folder", "file"])
def test_a_place_of_another_user(path: Path, monkeypatch: pytest.MonkeyPatch, owned: str) -> None:
    EmbeddedStore(path).hit([entry("k")], 1)
    user, lstat = os.geteuid(), os.lstat
    theirs = path if owned == "file" else path.parent

    def foreign(place: Any) -> Any:
        found = list(lstat(place))
        if place == theirs:
            found[4] = user + 1
        return os.stat_result(found)

    monkeypatch.setattr(embedded_place.os, "lstat", foreign)
    with pytest.raises(StoreUnavailable, match="belongs to another user"):
        EmbeddedStore(path).hit([entry("k")], 1)


def test_where_there_are_no_users(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _open_folder(path)
    monkeypatch.setattr(embedded_place, "_HAS_USERS", False)
    assert EmbeddedStore(path).hit([entry("k")], 1)[0].remaining == 99


def test_a_folder_that_cannot_be_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> int:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(embedded_place.os, "open", refuse)
    with pytest.raises(StoreUnavailable, match="Read-only file system"):
        EmbeddedStore(path).hit([entry("k")], 1)


def test_a_folder_that_this_user_may_not_write() -> None:
    [said] = in_processes(1, hits_in_a_folder_to_read)
    assert "Permission denied" in said


# -- What happens to it --------------------------------------------------------------------------


def test_a_killed_process_leaves_whole_decisions(path: Path) -> None:
    for _ in range(3):
        process = started(pairs_without_end, path, 20)
        before = 0
        for _ in range(400):
            sleep(0.02)
            count = len(rows(path)) if has_rows(path) else 0
            if count == 40 and before == 40:
                break
            before = count
        process.kill()
        process.join()
    store = EmbeddedStore(path)
    for pair in range(20):
        first, second = store.hit([entry(f"a{pair}", 10**6), entry(f"b{pair}", 10**6)], 0)
        assert first.remaining == second.remaining < 10**6
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


SIDES = ("-wal", "-shm")


@pytest.mark.usefixtures("looks")
@pytest.mark.parametrize(
    "names", [("",), ("", *SIDES), SIDES, ("-wal",), ("-shm",), ("", "-wal"), ("", "-shm")]
)
def test_a_file_that_is_deleted_while_it_is_open(
    path: Path, caplog: pytest.LogCaptureFixture, names: tuple[str, ...]
) -> None:
    stores = [EmbeddedStore(path), EmbeddedStore(path)]
    for store in stores:
        pair = [store._connections.take() for _ in range(2)]
        for connection in pair:
            store._connections.give(connection)
        store.hit([entry("k")], 1)
    for name in names:
        Path(f"{path}{name}").unlink()
    left = [stores[number % 2].hit([entry("k")], 1)[0].remaining for number in range(6)]
    assert left == [99, 98, 97, 96, 95, 94], "all that they count from now on is in one file"
    assert len(caplog.messages) == ("" not in names)


def test_processes_survive_whatever_is_done_to_the_file(path: Path) -> None:
    stop = path.parent.parent / "stop"
    abuse = Thread(target=abuse_until, args=(path, stop))
    abuse.start()
    found = in_processes(4, hits_until, path, stop, 400)
    abuse.join()
    assert found == [[]] * 4
    try:
        assert EmbeddedStore(path).hit([entry("afterwards")], 1)[0].remaining == 99
    except StoreUnavailable as error:  # by what was written last, and very rarely
        assert str(error).endswith(OF_ANOTHER_PROGRAM)  # noqa: PT017


def test_a_deletion_is_not_looked_for_each_time(path: Path) -> None:
    store = EmbeddedStore(path)
    store.hit([entry("k")], 1)
    path.unlink()
    assert remaining(store) == 99


@pytest.mark.usefixtures("looks")
@pytest.mark.parametrize("is_open", [False, True])
def test_a_file_of_garbage(path: Path, caplog: pytest.LogCaptureFixture, *, is_open: bool) -> None:
    store = EmbeddedStore(path)
    store.hit([entry("k")], 1)
    keeper = store if is_open else None
    store = EmbeddedStore(path)
    if not is_open:
        path.unlink()
        for name in ("-wal", "-shm"):
            Path(f"{path}{name}").unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(b"garbage " * 2000)
    assert remaining(keeper or store, "new") == 100
    if not is_open:
        assert caplog.messages == [
            "The file of the rate limits is damaged. It is "
            f"{path}.damaged now, and counting starts anew."
        ]
        assert Path(f"{path}.damaged").read_bytes().startswith(b"garbage ")
    assert store.hit([entry("k2")], 1)[0].remaining == 99


def _whole(path: Path) -> bytes:
    store = EmbeddedStore(path)
    for number in range(300):
        store.hit([entry(f"key{number}")], 1)
    store._connections.close()  # the last one to close writes everything into the file itself
    return path.read_bytes()


@pytest.mark.parametrize("part", [0, 50, 100, 4096, 9000, 20_000])
def test_a_file_that_is_cut_off(path: Path, part: int) -> None:
    whole = _whole(path)
    assert len(whole) > 40_000
    path.write_bytes(whole[:part])
    store = EmbeddedStore(path)
    for number in range(300):
        assert store.hit([entry(f"key{number}")], 1)[0].remaining in (98, 99)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "counts" / "x.sqlite3"
    _whole(path)
    return path


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 80_000), st.binary(min_size=1, max_size=40)), min_size=1),
    st.booleans(),
)
def test_damage_is_never_more_than_a_new_start(
    whole: Path, damages: list[tuple[int, bytes]], in_first_page: bool
) -> None:
    content = bytearray(whole.read_bytes())
    for place, garbage in damages:
        start = place % (4096 if in_first_page else len(content) - len(garbage))
        content[start : start + len(garbage)] = garbage
    with TemporaryDirectory() as folder:
        path = Path(folder, "x.sqlite3")
        path.touch(mode=0o600)
        path.write_bytes(content)
        store = EmbeddedStore(path)
        try:
            for number in range(0, 300, 3):
                store.hit([entry(f"key{number}"), entry(f"key{number + 1}")], 1)
                store.hit([entry(f"new{number}")], 1)
            store.take_back([entry("key7")], 1, [0])
            store.clear([entry("key8")])
        except StoreUnavailable as error:
            assert str(error).endswith(OF_ANOTHER_PROGRAM)  # noqa: PT017  # most raise nothing


def _spoil(path: Path, sql: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute(sql)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE counts_1 SET state = 7",
        "UPDATE counts_1 SET expires = 'late'",
        "UPDATE counts_1 SET key = CAST(x'ff' AS TEXT) WHERE key = 'old'",
    ],
)
def test_values_that_nobody_has_written(
    path: Path, caplog: pytest.LogCaptureFixture, sql: str
) -> None:
    store = EmbeddedStore(path)
    store.hit([entry("k"), entry("old")], 1)
    _spoil(path, sql)
    for number in range(40):  # until all rows have been looked at
        store.hit([entry("k"), entry(f"new{number}")], 1)
    assert len(caplog.messages) == 1
    assert remaining(store) >= 60


def test_a_row_that_is_out_of_order(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_waits, "_ATTEMPTS", 2)
    monkeypatch.setattr(embedded_store, "PATIENCE", 0.01)
    content = _whole(path)
    path.write_bytes(content.replace(b"key1\0", b"lez1\0"))
    store = EmbeddedStore(path)
    left = [store.hit([entry(f"key{number}")], 1)[0].remaining for number in range(300)]
    assert set(left) == {98, 99}
    assert len(caplog.messages) == 1


def test_others_who_are_always_faster(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_waits, "_ATTEMPTS", 2)
    monkeypatch.setattr(embedded_store, "PATIENCE", 0.01)
    monkeypatch.setattr(EmbeddedStore, "_swap", lambda *args: False)
    with pytest.raises(StoreUnavailable, match="is too busy"):
        EmbeddedStore(path).hit([entry("k")], 1)


def test_pages_of_garbage(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = _whole(path)
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    assert EmbeddedStore(path).hit([entry("k")], 1)[0].remaining == 99
    assert len(caplog.messages) == 1


def test_the_database_of_something_else_is_left_alone(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    path.touch(mode=0o600)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE counts_1 (precious)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreUnavailable, match="is the database of something else"):
        EmbeddedStore(path).hit([entry("k")], 1)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_what_another_process_has_set_aside_is_not_set_aside_again(path: Path) -> None:
    store, other = EmbeddedStore(path), EmbeddedStore(path)
    for one in (store, other):
        one.hit([entry("k")], 1)
    damage = sqlite3.DatabaseError()
    damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    for one in (store, other):
        one._connections.drop(one._connections.take(), damage)
        assert one.hit([entry("new")], 1)[0].remaining == (99 if one is store else 98)


def test_a_file_that_is_replaced_while_it_is_opened(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up = Connections._set_up

    def replace(self: Connections, connection: Any) -> None:
        set_up(self, connection)
        path.unlink()

    monkeypatch.setattr(Connections, "_set_up", replace)
    with pytest.raises(StoreUnavailable, match="was replaced while it was opened"):
        EmbeddedStore(path).hit([entry("k")], 1)


def test_a_full_disk(path: Path) -> None:
    assert in_processes(1, fills_the_disk, path) == [["full", "98"]]


def test_a_file_that_stays_locked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_waits, "_ATTEMPTS", 2)
    monkeypatch.setattr("django_hardened.ratelimit.embedded_store.PATIENCE", 0.01)
    store = EmbeddedStore(path)
    store.hit([entry("k")], 1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="is locked"):
        store.hit([entry("k")], 1)
    with pytest.raises(StoreUnavailable, match="is locked"):
        store.hit([entry("k"), entry("l")], 1)
    assert remaining(store) == 99, "readers do not wait"
    other.execute("ROLLBACK")
    other.close()
    assert store.hit([entry("k"), entry("l")], 1)[0].remaining == 98


# -- Its size ------------------------------------------------------------------------------------


def test_what_is_past_is_deleted_in_small_steps(path: Path) -> None:
    clock = Clock()
    store = EmbeddedStore(path, clock=clock)
    for number in range(640):
        store.hit([entry(f"old{number}", seconds=60)], 1)
    assert len(rows(path)) == 640
    clock.now += 120
    sizes = []
    for number in range(320):
        store.hit([entry(f"new{number}")], 1)
        sizes.append(len(rows(path)))
    assert min(a - b for a, b in zip(sizes[1:], sizes, strict=False)) >= -64
    assert set(rows(path)) == {f"new{number}" for number in range(320)}


def test_rows_of_a_clock_that_was_wrong_are_past(path: Path) -> None:
    clock = Clock()
    store = EmbeddedStore(path, clock=clock)
    clock.now *= 2
    store.hit([entry("k")], 1)
    clock.now /= 2
    for number in range(200):
        store.hit([entry(f"new{number}")], 1)
    assert "k" not in rows(path)


def test_its_size_is_bounded_and_what_expires_soonest_goes_first(path: Path) -> None:
    store = EmbeddedStore(path, clock=Clock(), max_megabytes=1)
    keys = [blake2b(str(number).encode()).hexdigest()[:20] for number in range(13_000)]
    daily = [entry(key, seconds=86_400) for key in keys[:1000]]
    for one in daily:
        store.hit([one], 1)
    for key in keys[1000:]:
        store.hit([entry(key, seconds=60)], 1)
    pages = sqlite3.connect(path)
    assert pages.execute("PRAGMA page_count").fetchone()[0] * 4096 < 1.1 * 2**20
    pages.close()
    left = rows(path)
    assert 2000 < len(left) < 8000
    assert all(one.key in left for one in daily)


def test_a_locked_file_is_tidied_later(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    store = EmbeddedStore(path, clock=clock)
    for number in range(15):
        store.hit([entry(f"old{number}", seconds=1)], 1)
    clock.now += 10
    sample = "django_hardened.ratelimit.embedded_store._DELETE"
    with monkeypatch.context() as patch:
        patch.setattr(sample, "no SQL")
        assert store.hit([entry("new")], 1)[0].remaining == 99
    assert len(rows(path)) == 16
    for number in range(16):
        store.hit([entry(f"newer{number}")], 1)
    assert len(rows(path)) == 17


@pytest.mark.usefixtures("looks")
def test_a_long_wal_is_cut(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_connections, "LONG_WAL", 20_000)
    store = EmbeddedStore(path)
    sizes = []
    for number in range(40):
        store.hit([entry(f"k{number}")], 1)
        sizes.append(Path(f"{path}-wal").stat().st_size)
    assert max(sizes) < 60_000


# -- Threads and forks ---------------------------------------------------------------------------


def test_a_forked_process_opens_its_own(path: Path) -> None:
    [admitted] = in_processes(1, forks, path, 30)
    assert min(admitted) >= 0
    assert sum(admitted) == 500


def test_no_connection_is_there_while_a_process_forks(path: Path) -> None:
    store = EmbeddedStore(path)
    pool = store._connections
    store.hit([entry("k")], 1)
    connection = pool.take()
    waiting = Thread(target=embedded_connections._before_fork)
    waiting.start()
    while not pool._is_forking:
        sleep(0.001)
    late: list[int] = []
    hit = Thread(target=lambda: late.append(remaining(store)))
    hit.start()
    sleep(0.01)
    assert waiting.is_alive()
    pool.give(connection)
    waiting.join()
    assert (pool._idle, late) == ([], [])
    embedded_connections._after_fork_in_parent()
    hit.join()
    assert late == [99]


def test_a_thread_that_does_not_finish_holds_no_fork_up(path: Path) -> None:
    pool = Connections(path)
    connection = pool.take()
    embedded_connections._before_fork()
    embedded_connections._after_fork_in_child()
    assert not pool.is_used()
    connection.close()


def test_what_a_server_forks_without_python_is_left_to_the_parent(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[Any] = []
    monkeypatch.setattr(embedded_connections, "_left_to_the_parent", left)
    store = EmbeddedStore(path)
    monkeypatch.setattr(embedded_connections, "_pools", WeakSet([store._connections]))
    store.hit([entry("k")], 1)
    [connection] = store._connections._idle
    embedded_connections._after_fork_in_child()
    assert left == [connection]
    assert store.hit([entry("k")], 1)[0].remaining == 98


def test_connections_are_kept_for_the_next_one(path: Path) -> None:
    pool = Connections(path)
    first, second = pool.take(), pool.take()
    pool.give(first)
    pool.give(second)
    assert pool.take() is second
    assert pool.take() is first
    pool.give(first)
    pool.drop(second, ValueError())


def test_two_threads_may_want_the_last_one(path: Path) -> None:
    class Emptied(list[Any]):
        def __bool__(self) -> bool:
            return self.pop_count() == 0

        def pop_count(self) -> int:
            self.asked = getattr(self, "asked", -1) + 1
            return self.asked

    pool = Connections(path)
    pool._idle = Emptied()
    pool.drop(pool.take(), ValueError())


@pytest.fixture(autouse=True)
def nothing_is_paused() -> Iterator[None]:
    yield
    embedded_connections._after_fork_in_parent()


def test_the_limit_is_part_of_the_question(path: Path) -> None:
    assert entry("k").limit == Limit(100, HOUR)
    assert EmbeddedStore(path).hit([], 1) == []
