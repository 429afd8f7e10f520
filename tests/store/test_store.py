"""Tests of which policies are live."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from policy_engine.errors import BundleInvalid, BundleNotFound, ReloadRefused
from policy_engine.evaluator.decide import decide
from policy_engine.model.events import Event, LastGoodFailed, LastGoodServed
from policy_engine.model.request import Request
from policy_engine.pipeline import BuildResult, build
from policy_engine.store.last_good import LastGood
from policy_engine.store.snapshot import Hindrance, Result, Source
from policy_engine.store.store import Store
from tests.store.bundles import bundle_text, open_store, write_bundle

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def answer_of(store: Store) -> Any:
    """What the live policies answer."""
    plan = decide(store.current.policy_set, Request(task="ask", input="hi")).plan.to_json()
    return plan["answer"]["text"]


def never(seconds: float) -> bool:
    """A pause that takes no time and never gives up."""
    return False


def test_the_first_snapshot_is_live_at_once(tmp_path: Path) -> None:
    """A new store has loaded the folder, as generation 1."""
    write_bundle(tmp_path)
    events: list[Event] = []

    store = open_store(tmp_path, on_event=events.append, clock=lambda: NOON)

    assert store.current.generation == store.current.policy_set.generation == 1
    assert store.current.revision == build(tmp_path).report.revision
    assert store.current.files == ("policy.yaml",)
    assert store.current.loaded_at == NOON
    assert [event.name for event in events] == ["reload.succeeded"]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """Without anything to serve, a missing folder is told as such."""
    with pytest.raises(BundleNotFound):
        open_store(tmp_path / "none")


def test_a_broken_folder_is_an_error_with_its_report(tmp_path: Path) -> None:
    """Without anything to serve, the errors of the bundle are raised together."""
    write_bundle(tmp_path).write_text("version: 1\nruels: []\n")

    with pytest.raises(BundleInvalid) as raised:
        open_store(tmp_path)

    assert [diagnostic.span.start.line for diagnostic in raised.value.report.errors if "ruels" in diagnostic.message]


def test_a_change_is_published_whole(tmp_path: Path) -> None:
    """A reload makes the next generation live, and whoever holds the old snapshot keeps it."""
    write_bundle(tmp_path, "one")
    store = open_store(tmp_path)
    old = store.current

    write_bundle(tmp_path, "two")
    outcome = store.reload()

    assert outcome.result is Result.PUBLISHED
    assert outcome.snapshot is store.current
    assert store.current.generation == 2
    assert answer_of(store) == "two"
    assert old.generation == 1
    assert store.history == (old, store.current)


def test_an_unchanged_folder_changes_nothing(tmp_path: Path) -> None:
    """A reload of the same contents keeps the snapshot."""
    write_bundle(tmp_path)
    store = open_store(tmp_path)
    live = store.current

    outcome = store.reload()

    assert outcome.result is Result.UNCHANGED
    assert store.current is live


def test_a_broken_change_is_refused_and_explained(tmp_path: Path) -> None:
    """The old snapshot serves on, and the status says what is wrong, at file, line and column."""
    file = write_bundle(tmp_path)
    events: list[Event] = []
    store = open_store(tmp_path, clock=lambda: NOON, on_event=events.append)
    live = store.current

    file.write_text(bundle_text().replace("route: small", "route: smal"))
    outcome = store.reload()

    pending = store.status().pending
    assert outcome.result is Result.REFUSED
    assert outcome.pending == pending
    assert store.current is live
    assert pending is not None
    assert pending.hindrance is Hindrance.INVALID
    assert pending.reason == f"{file}:7:18: error[PE301] unknown tier `smal`"
    assert pending.since == NOON
    assert isinstance(pending.error, BundleInvalid)
    assert [event.name for event in events] == ["reload.succeeded", "reload.failed"]


def test_the_same_trouble_is_told_once(tmp_path: Path) -> None:
    """A refusal that is known keeps its beginning and is no news."""
    file = write_bundle(tmp_path)
    times = iter(NOON + timedelta(minutes=n) for n in range(100))
    events: list[Event] = []
    store = open_store(tmp_path, clock=lambda: next(times), on_event=events.append)
    file.write_text("version: 2")

    first, second = store.reload().pending, store.reload().pending

    assert first is not None
    assert second == replace(first, error=second.error) if second else False
    assert [event.name for event in events] == ["reload.succeeded", "reload.failed"]


def test_undoing_a_broken_change_clears_it(tmp_path: Path) -> None:
    """Once the folder holds what is live, nothing is pending, and no generation was spent."""
    file = write_bundle(tmp_path)
    store = open_store(tmp_path)
    file.write_text("version: 2")
    store.reload()

    write_bundle(tmp_path)
    store.check(never)

    assert store.status().pending is None
    assert store.current.generation == 1


def test_a_deleted_folder_is_pending(tmp_path: Path) -> None:
    """The policies of a folder that went away serve on."""
    folder = tmp_path / "policies"
    file = write_bundle(folder)
    store = open_store(folder)

    file.unlink()
    folder.rmdir()
    store.check(never)

    pending = store.status().pending
    assert pending is not None
    assert pending.hindrance is Hindrance.MISSING
    assert str(folder) in pending.reason
    assert answer_of(store) == "one"


def test_an_emptied_bundle_is_held_until_forced(tmp_path: Path) -> None:
    """A bundle that lost its rules waits for somebody to say that this is meant."""
    write_bundle(tmp_path, rules=4)
    events: list[Event] = []
    store = open_store(tmp_path, on_event=events.append)
    write_bundle(tmp_path, rules=1)

    held = store.reload()
    status = store.status()
    forced = store.reload(force=True)

    assert held.result is Result.REFUSED
    assert status.held == "3 of 4 rules are gone"
    assert status.pending is not None
    assert isinstance(status.pending.error, ReloadRefused)
    assert forced.result is Result.PUBLISHED
    assert store.status().pending is None
    assert [event.name for event in events] == ["reload.succeeded", "reload.held", "reload.succeeded"]


def test_a_check_does_nothing_without_news(tmp_path: Path) -> None:
    """What was judged before, be it live or refused, is not built again."""
    file = write_bundle(tmp_path)
    builds: list[str] = []

    def counted(folder: str, **options: Any) -> BuildResult:
        builds.append(folder)
        return build(folder, **options)

    store = open_store(tmp_path, build=counted)
    nothing = store.check(never)
    file.write_text("version: 2")
    refused = store.check(never)
    again = store.check(never)
    thorough = store.check(never, every_content=True)

    assert nothing is None
    assert refused is not None
    assert refused.result is Result.REFUSED
    assert (again, thorough) == (None, None)
    assert len(builds) == 2


def test_a_build_that_crashes_is_tried_again(tmp_path: Path) -> None:
    """A crash is pending like any trouble; as it may pass, a thorough check tries again."""
    write_bundle(tmp_path)
    crashes = iter([False, True, False])

    def shaky(folder: str, **options: Any) -> BuildResult:
        if next(crashes):
            raise MemoryError("no room")
        return build(folder, **options)

    store = open_store(tmp_path, build=shaky)
    write_bundle(tmp_path, "two")
    store.check(never)
    pending = store.status().pending
    store.check(never)
    still = store.current.generation
    store.check(never, every_content=True)

    assert pending is not None
    assert (pending.hindrance, pending.reason) == (Hindrance.CRASHED, "MemoryError: no room")
    assert still == 1
    assert answer_of(store) == "two"
    assert store.status().pending is None


def test_what_changes_while_it_is_read_is_not_served(tmp_path: Path) -> None:
    """A build of contents that were never there together is thrown away, and the folder is built again."""
    write_bundle(tmp_path, "one")
    meddling = iter(["", "three"])

    def meddled(folder: str, **options: Any) -> BuildResult:
        if answer := next(meddling, ""):
            write_bundle(tmp_path, answer)
            result = build(folder, **options)
            write_bundle(tmp_path, "four")
            return result
        return build(folder, **options)

    store = open_store(tmp_path, build=meddled)
    write_bundle(tmp_path, "two")
    store.reload()

    assert answer_of(store) == "four"
    assert store.current.generation == 2


def test_a_build_may_be_overtaken(tmp_path: Path) -> None:
    """A build of what the folder held is served even if the folder has moved on meanwhile; the next check follows."""
    write_bundle(tmp_path, "one")
    later = iter(["", "three"])

    def slow(folder: str, **options: Any) -> BuildResult:
        result = build(folder, **options)
        if answer := next(later, ""):
            write_bundle(tmp_path, answer)
        return result

    store = open_store(tmp_path, build=slow)
    write_bundle(tmp_path, "two")
    store.check(never)
    first = answer_of(store)
    store.check(never)

    assert (first, answer_of(store)) == ("two", "three")


def test_a_rollback_stays_until_the_folder_changes(tmp_path: Path) -> None:
    """Earlier policies are live as a new generation; what the folder holds waits for its next change."""
    write_bundle(tmp_path, "one")
    events: list[Event] = []
    store = open_store(tmp_path, on_event=events.append)
    first = store.current.revision
    write_bundle(tmp_path, "two")
    store.reload()
    second = store.current.revision

    outcome = store.rollback()
    store.check(never)
    status = store.status()

    assert outcome.result is Result.PUBLISHED
    assert (status.revision, status.generation, status.source) == (first, 3, Source.ROLLBACK)
    assert answer_of(store) == "one"
    assert status.held == (f"rolled back from {second}; the folder waits for its next change, or for a reload")
    assert events[-1].name == "reload.rolled_back"

    write_bundle(tmp_path, "three")
    store.check(never)
    assert answer_of(store) == "three"
    assert store.status().pending is None


def test_a_reload_ends_a_rollback(tmp_path: Path) -> None:
    """Whoever asks for a reload gets what the folder holds."""
    write_bundle(tmp_path, "one")
    store = open_store(tmp_path)
    write_bundle(tmp_path, "two")
    store.reload()
    store.rollback()

    store.reload()

    assert answer_of(store) == "two"
    assert store.current.generation == 4


def test_a_rollback_can_name_its_revision(tmp_path: Path) -> None:
    """A revision in the history is found by the beginning of its hash; others are an error that lists them."""
    revisions = []
    write_bundle(tmp_path, "0")
    store = open_store(tmp_path, keep=3)
    for n in range(1, 5):
        revisions.append(store.current.revision)
        write_bundle(tmp_path, str(n))
        store.reload()

    store.rollback(revisions[2][:20])

    assert store.current.revision == revisions[2]
    with pytest.raises(ValueError, match=f"there is no revision `{revisions[0]}` to go back to; there are: sha256:"):
        store.rollback(revisions[0])


def test_without_a_past_there_is_no_rollback(tmp_path: Path) -> None:
    """The first snapshot has nothing before it."""
    write_bundle(tmp_path)

    with pytest.raises(ValueError, match="there is no earlier revision to go back to; there are: none"):
        open_store(tmp_path).rollback()


def test_the_last_known_good_stands_in(tmp_path: Path) -> None:
    """A start with a broken folder serves what was good last, and says what is wrong."""
    folder, keeper = tmp_path / "policies", LastGood(tmp_path / "state", str(tmp_path / "policies"), None)
    file = write_bundle(folder, "good")
    good = open_store(folder, last_good=keeper).current.revision
    file.write_text("version: 2")
    events: list[Event] = []

    store = open_store(folder, last_good=keeper, on_event=events.append)

    status = store.status()
    assert answer_of(store) == "good"
    assert (status.revision, status.generation, status.source) == (good, 1, Source.LAST_GOOD)
    assert status.pending is not None
    assert status.pending.hindrance is Hindrance.INVALID
    assert events == [LastGoodServed(revision=good, error=status.pending.reason)]


def test_the_last_known_good_yields_to_a_mended_folder(tmp_path: Path) -> None:
    """Once the folder builds again, it is live and kept in turn."""
    folder, keeper = tmp_path / "policies", LastGood(tmp_path / "state", str(tmp_path / "policies"), None)
    write_bundle(folder, "good")
    open_store(folder, last_good=keeper)
    (folder / "policy.yaml").unlink()
    store = open_store(folder, last_good=keeper)

    write_bundle(folder, "mended")
    store.check(never)

    assert answer_of(store) == "mended"
    with keeper.unpacked() as kept:
        assert kept is not None
        assert (Path(kept) / "policy.yaml").read_text() == bundle_text("mended")


def test_a_damaged_last_known_good_is_no_help(tmp_path: Path) -> None:
    """With nothing usable kept, the folder's own errors are raised."""
    keeper = LastGood(tmp_path / "state", str(tmp_path / "policies"), None)
    keeper.path.parent.mkdir()
    keeper.path.write_bytes(b"garbage")

    with pytest.raises(BundleNotFound):
        open_store(tmp_path / "policies", last_good=keeper)


def test_a_full_disk_does_not_hinder_a_reload(tmp_path: Path) -> None:
    """If the last known good cannot be saved, that is told, and the policies are live all the same."""
    (tmp_path / "state").write_text("a file where a folder is needed")
    write_bundle(tmp_path / "policies")
    keeper = LastGood(tmp_path / "state", str(tmp_path / "policies"), None)
    events: list[Event] = []

    store = open_store(tmp_path / "policies", last_good=keeper, on_event=events.append)

    assert answer_of(store) == "one"
    assert isinstance(events[-1], LastGoodFailed)


def test_the_status_is_data(tmp_path: Path) -> None:
    """A status says what is live, since when, and from which files, and goes into JSON."""
    write_bundle(tmp_path)
    times = iter([NOON, NOON + timedelta(seconds=90)])
    store = open_store(tmp_path, clock=lambda: next(times))

    status = store.status()

    assert status.to_json() == {
        "folder": str(tmp_path),
        "pid": status.pid,
        "revision": store.current.revision,
        "generation": 1,
        "loaded_at": "2026-11-24T12:00:00+00:00",
        "age_s": 90.0,
        "source": "folder",
        "files": ["policy.yaml"],
        "pending": None,
    }


def test_waiting_ends_when_the_time_is_over(tmp_path: Path) -> None:
    """What never happens is waited for no longer than said."""
    write_bundle(tmp_path)

    assert open_store(tmp_path).wait_for(lambda store: store.current.generation == 2, 0.01) is False


def test_reloads_take_turns(tmp_path: Path) -> None:
    """Reloads asked for at the same time are done one after the other."""
    write_bundle(tmp_path)
    under_way: list[int] = []
    overlaps: list[int] = []

    def watched(folder: str, **options: Any) -> BuildResult:
        under_way.append(1)
        overlaps.append(len(under_way))
        result = build(folder, **options)
        under_way.pop()
        return result

    store = open_store(tmp_path, build=watched)
    threads = [threading.Thread(target=store.reload) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert overlaps == [1] * 5


def test_a_receiver_of_events_may_reload(tmp_path: Path) -> None:
    """Events are told after the turn, so that whoever hears of one can act on it."""
    write_bundle(tmp_path, "one")
    stores: list[Store] = []

    def hear(event: Event) -> None:
        if event.name == "reload.failed":
            write_bundle(tmp_path, "mended")
            stores[0].reload()

    stores.append(open_store(tmp_path, on_event=hear))
    (tmp_path / "policy.yaml").write_text("version: 2")
    stores[0].reload()

    assert answer_of(stores[0]) == "mended"


def test_a_store_is_renewed_in_a_child(tmp_path: Path) -> None:
    """Locks that a thread of the parent held at the fork do not hold up the child."""
    write_bundle(tmp_path, "one")
    store = open_store(tmp_path)
    store._turn.acquire()
    write_bundle(tmp_path, "two")

    store.renew()
    store.reload()

    assert answer_of(store) == "two"
