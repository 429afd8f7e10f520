"""The starter bundle: a policy, its tests and sample requests, written into a folder to begin from."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

STARTER_FILES = ("policy.yaml", "policy_test.yaml", "requests.jsonl")


def init(folder: Path) -> tuple[Path, ...]:
    """
    The files of the starter bundle, just written into `folder`, which is made if it is absent.

    Nothing is ever overwritten: either all files are new, or none is written.

    Raises:
        ValueError: `folder` is a file, or already holds a file of one of these names; says which.
    """
    targets = tuple(folder / name for name in STARTER_FILES)
    _refuse_to_overwrite(folder, targets)
    folder.mkdir(parents=True, exist_ok=True)
    for target in targets:
        # INVARIANT: mode `x` refuses a file that appeared since the check above.
        with target.open("xb") as file:
            file.write(_starter(target.name))
    return targets


def _refuse_to_overwrite(folder: Path, targets: tuple[Path, ...]) -> None:
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"cannot write a starter bundle into `{folder}`: it is a file, not a folder")
    taken = [target for target in targets if target.exists() or target.is_symlink()]
    if taken:
        raise ValueError(
            f"`{taken[0]}` exists already and is not overwritten; name an absent or empty folder for the starter bundle"
        )


def _starter(name: str) -> bytes:
    return files("policy_engine.authoring").joinpath("starter", name).read_bytes()
