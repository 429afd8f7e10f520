"""Tests of waiting until a folder holds still, on a clock of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from policy_engine.store.scan import FolderScan
from policy_engine.store.settle import Pacing, Patience, Settled, settle

PATIENCE = Patience(
    gap_s=0.03, quiet_s=0.1, quiet_many_s=0.2, restless_s=0.4, restless_many_s=3, blink_s=0.001, busy_s=5
)


@dataclass
class Time:
    """A clock that only pauses move."""

    now_s: float = 100.0
    gives_up_at_s: float = 1_000.0

    def pause(self, seconds: float) -> bool:
        """Moves the clock on."""
        self.now_s += seconds
        return self.now_s > self.gives_up_at_s

    def pacing(self) -> Pacing:
        """This clock for everything."""
        return Pacing(pause=self.pause, now_s=lambda: self.now_s, now_ns=lambda: int(self.now_s * 1e9))


@dataclass
class Folder:
    """A folder whose files are a function of the time."""

    time: Time
    files: Callable[[float], dict[str, str]]
    folder: str = "/nowhere"
    looks: int = field(default=0)

    def scan(self) -> FolderScan:
        """What it holds now."""
        self.looks += 1
        return folder_scan(self.files(self.time.now_s), changed_s=self.time.now_s)


def folder_scan(files: dict[str, str], *, changed_s: float = 0.0) -> FolderScan:
    """A look at a folder that holds these files."""
    return FolderScan(
        digest=str(sorted(files.items())),
        files=files,
        stamps={},
        places=frozenset(),
        changed_ns=int(changed_s * 1e9),
    )


def settled(
    files: Callable[[float], dict[str, str]], before: dict[str, str], *, time: Time | None = None
) -> tuple[Settled | None, float]:
    """What a folder settles to, and after how many seconds."""
    time = time or Time()
    began_s = time.now_s
    folder = Folder(time=time, files=files)
    result = settle(folder, folder_scan(before), patience=PATIENCE, pacing=time.pacing())  # type: ignore[arg-type]  # the two members that are used
    return result, round(time.now_s - began_s, 2)


def steps(*times_and_files: tuple[float, dict[str, str]]) -> Callable[[float], dict[str, str]]:
    """Files that change at these times, counted from the start."""

    def files(now_s: float) -> dict[str, str]:
        return [files for after_s, files in times_and_files if now_s - 100.0 >= after_s - 1e-9][-1]

    return files


def contents(result: Settled | None) -> Iterable[tuple[str, str]]:
    """What a settled folder holds."""
    assert result is not None
    return result.scan.files.items()


def test_one_changed_file_settles_after_a_short_quiet() -> None:
    """After the last change to a file, nothing may happen for a tenth of a second."""
    result, took_s = settled(steps((0, {"a": "1"})), {"a": "0"})

    assert contents(result) == {"a": "1"}.items()
    assert took_s == 0.12


def test_several_changed_files_settle_after_a_longer_quiet() -> None:
    """Where more than one file changed, more may come."""
    result, took_s = settled(steps((0, {"a": "1", "b": "0"}), (0.09, {"a": "1", "b": "1"})), {"a": "0", "b": "0"})

    assert contents(result) == {"a": "1", "b": "1"}.items()
    assert took_s == 0.3  # the second change was seen at 0.09


def test_a_change_starts_the_quiet_anew() -> None:
    """The quiet is counted from the last change."""
    result, took_s = settled(steps((0, {"a": "1"}), (0.09, {"a": "2"})), {"a": "0"})

    assert contents(result) == {"a": "2"}.items()
    assert took_s == 0.21


def test_quiet_before_the_first_look_counts() -> None:
    """A folder that has been quiet for long is taken as soon as two looks agree."""
    time = Time()

    class Old(Folder):
        def scan(self) -> FolderScan:
            return folder_scan({"a": "1"}, changed_s=50)

    result = settle(
        Old(time=time, files=lambda _: {}),  # type: ignore[arg-type]  # the two members that are used
        folder_scan({"a": "0"}),
        patience=PATIENCE,
        pacing=time.pacing(),
    )

    assert contents(result) == {"a": "1"}.items()
    assert round(time.now_s - 100, 2) == 0.03


def test_a_file_that_never_rests_is_taken_between_two_changes() -> None:
    """With fifty edits a second there is no quiet; two looks that agree must do, in less than a second."""

    def every_20_ms(now_s: float) -> dict[str, str]:
        return {"a": str(int((now_s - 100) * 50))}

    result, took_s = settled(every_20_ms, {"a": "x"})

    assert result is not None
    assert result.busy is None
    assert 0.4 <= took_s < 0.5


def test_several_files_that_never_rest_are_waited_for_longer() -> None:
    """Several files that keep changing are likely to be one change under way."""

    def every_20_ms(now_s: float) -> dict[str, str]:
        number = int((now_s - 100) * 50)
        return {"a": str(number), "b": str(number // 2)}

    result, took_s = settled(every_20_ms, {"a": "x", "b": "x"})

    assert result is not None
    assert 3.0 <= took_s < 3.1


def test_a_folder_of_which_no_two_looks_agree_is_given_up() -> None:
    """Waiting ends after a while, and tells why."""
    result, took_s = settled(lambda now_s: {"a": str(now_s)}, {"a": "x"})

    assert result is not None
    assert result.busy == "the files never stop changing"
    assert 5.0 < took_s < 5.1


def test_a_pause_can_give_up() -> None:
    """Whoever stops the watcher stops the waiting too."""
    result, _ = settled(lambda now_s: {"a": str(now_s)}, {"a": "x"}, time=Time(gives_up_at_s=100.05))

    assert result is None


def test_an_empty_folder_is_not_believed_at_once() -> None:
    """A folder without files may be one that is being replaced, so it must stay empty for the whole quiet."""
    result, took_s = settled(steps((0, {}), (0.05, {"a": "1"})), {"a": "0"})

    assert contents(result) == {"a": "1"}.items()
    assert took_s == 0.18


def test_git_at_work_is_waited_for(tmp_path: Path) -> None:
    """While git holds its lock nothing settles; when waiting is given up, the lock is named."""
    (tmp_path / ".git").mkdir()
    lock = tmp_path / ".git" / "index.lock"
    lock.touch()
    time = Time()
    folder = Folder(time=time, files=lambda _: {"a": "1"}, folder=str(tmp_path))

    result = settle(folder, folder_scan({"a": "0"}), patience=PATIENCE, pacing=time.pacing())  # type: ignore[arg-type]  # the two members that are used

    assert result is not None
    assert result.busy == f"git is at work, it holds `{lock}`"


def test_a_writer_is_waited_for(tmp_path: Path) -> None:
    """While somebody has a changed file open for writing, nothing settles."""
    file = tmp_path / "a"
    writer = file.open("w")
    time = Time()

    def close_after_a_second(seconds: float) -> bool:
        if time.now_s > 101:
            writer.close()
        return time.pause(seconds)

    pacing = Pacing(pause=close_after_a_second, now_s=lambda: time.now_s, now_ns=lambda: int(time.now_s * 1e9))
    folder = Folder(time=time, files=lambda _: {"a": "1"}, folder=str(tmp_path))

    result = settle(folder, folder_scan({"a": "0"}), patience=PATIENCE, pacing=pacing)  # type: ignore[arg-type]  # the two members that are used

    assert result is not None
    assert result.busy is None
    assert 1.0 < time.now_s - 100 < 1.3


def test_when_git_is_done_no_more_is_waited_for(tmp_path: Path) -> None:
    """Once git gives up its lock, all that it changed is there, so two looks that agree are enough."""
    (tmp_path / ".git").mkdir()
    lock = tmp_path / ".git" / "index.lock"
    lock.touch()
    time = Time()

    def unlock_after_a_second(seconds: float) -> bool:
        if time.now_s > 101:
            lock.unlink(missing_ok=True)
        return time.pause(seconds)

    pacing = Pacing(pause=unlock_after_a_second, now_s=lambda: time.now_s, now_ns=lambda: int(time.now_s * 1e9))
    files = steps((0, {"a": "1", "b": "0"}), (0.9, {"a": "1", "b": "1"}))
    folder = Folder(time=time, files=files, folder=str(tmp_path))

    result = settle(folder, folder_scan({"a": "0", "b": "0"}), patience=PATIENCE, pacing=pacing)  # type: ignore[arg-type]  # the two members that are used

    assert contents(result) == {"a": "1", "b": "1"}.items()
    assert 1.0 < time.now_s - 100 < 1.15
