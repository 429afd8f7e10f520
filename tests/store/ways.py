"""The ways in which a folder of policies gets from one state to the next, as editors and deployments do it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.store.numbered import numbered_files, write_files

NO_GIT_CONFIG = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """
    One way to bring policies of another number into a folder.

    Attributes:
        name: what it is called.
        folder: where the policies are, below the place that `begin` is given.
        begin: sets up the policies of number 1 in a place.
        change: brings in those of another number.
    """

    name: str
    folder: str
    begin: Callable[[Path], None]
    change: Callable[[Path, int], None]


def _begin(place: Path) -> None:
    write_files(place / "policies", numbered_files(1))


def _save_in_place(place: Path, number: int) -> None:
    write_files(place / "policies", numbered_files(number))


def _rename_over(place: Path, number: int) -> None:
    for path, text in numbered_files(number).items():
        file = place / "policies" / path
        aside = file.with_name(f".{file.name}.tmp")
        aside.write_text(text, encoding="utf-8")
        aside.replace(file)


def _move_away_and_write(place: Path, number: int) -> None:
    """As editors do that keep a backup."""
    for path, text in numbered_files(number).items():
        file = place / "policies" / path
        file.replace(file.with_name(f"{file.name}~"))
        file.write_text(text, encoding="utf-8")


def _replace_folder(place: Path, number: int) -> None:
    write_files(place / "next", numbered_files(number))
    (place / "policies").rename(place / f"old{number}")
    (place / "next").rename(place / "policies")


def _delete_and_recreate(place: Path, number: int) -> None:
    shutil.rmtree(place / "policies")
    write_files(place / "policies", numbered_files(number))


def _begin_link(place: Path) -> None:
    write_files(place / "releases" / "1", numbered_files(1))
    (place / "policies").symlink_to(place / "releases" / "1")


def _flip_link(place: Path, number: int) -> None:
    write_files(place / "releases" / str(number), numbered_files(number))
    (place / "next").symlink_to(f"releases/{number}")
    (place / "next").replace(place / "policies")


def _begin_deep_link(place: Path) -> None:
    write_files(place / "releases" / "1" / "conf" / "policies", numbered_files(1))
    (place / "current").symlink_to("releases/1")


def _flip_deep_link(place: Path, number: int) -> None:
    write_files(place / "releases" / str(number) / "conf" / "policies", numbered_files(number))
    (place / "next").symlink_to(f"releases/{number}")
    (place / "next").replace(place / "current")


def _begin_config_map(place: Path) -> None:
    folder = place / "policies"
    write_files(folder / "..1", numbered_files(1))
    (folder / "..data").symlink_to("..1")
    for name in sorted({path.split("/")[0] for path in numbered_files(1)}):
        (folder / name).symlink_to(f"..data/{name}")


def _swap_config_map(place: Path, number: int) -> None:
    """As the kubelet does: only the link `..data` is seen to change."""
    folder = place / "policies"
    old = (folder / "..data").readlink()
    write_files(folder / f"..{number}", numbered_files(number))
    (folder / "..data_tmp").symlink_to(f"..{number}")
    (folder / "..data_tmp").replace(folder / "..data")
    shutil.rmtree(folder / old)


def _begin_git(place: Path) -> None:
    (place / "policies").mkdir()
    git(place, "init", "--quiet")
    for number in range(1, 4):
        write_files(place / "policies", numbered_files(number, count=400))
        git(place, "add", ".")
        git(place, "commit", "--quiet", "--message", str(number))
        git(place, "tag", f"v{number}")
    git(place, "checkout", "--quiet", "v1")


def _check_out(place: Path, number: int) -> None:
    git(place, "checkout", "--quiet", f"v{number}")


def git(place: Path, *arguments: str) -> None:
    """Runs git there, as nobody in particular."""
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(["git", "-C", str(place), *who, *arguments], check=True, env={**os.environ, **NO_GIT_CONFIG})


def _way(change: Callable[[Path, int], None], begin: Callable[[Path], None] = _begin, folder: str = "policies") -> Way:
    return Way(name=change.__name__.strip("_"), folder=folder, begin=begin, change=change)


WAYS = (
    _way(_save_in_place),
    _way(_rename_over),
    _way(_move_away_and_write),
    _way(_replace_folder),
    _way(_delete_and_recreate),
    _way(_flip_link, _begin_link),
    _way(_flip_deep_link, _begin_deep_link, "current/conf/policies"),
    _way(_swap_config_map, _begin_config_map),
    _way(_check_out, _begin_git),
)
"""All ways but those that need more than one step; the one by git has the numbers 1 to 3 only."""
