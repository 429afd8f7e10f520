"""Settings of one policy: its folder again and again, with another value at one place of one file."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from policy_engine.diagnostics import Key
from policy_engine.loader.tree import Node, compose

_FORM = "FILE:$.PATH=VALUE,VALUE,…, such as policies/replies.yaml:$.rules[0].when.message.chars.gt=100,200"
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']+)'\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """
    Which value is varied.

    Attributes:
        file: the policy file, as diagnostics show it.
        place: the YAML path of the value, as diagnostics show it.
        values: what stands there instead, each in turn, as it would be written.
    """

    file: Path
    place: str
    values: tuple[str, ...]


def read_sweep(text: str) -> Sweep:
    """
    The sweep that an option describes.

    Raises:
        ValueError: it is not of that form.
    """
    place, _, values = text.rpartition("=")
    file, colon, path = place.rpartition(":$")
    listed = tuple(value.strip() for value in values.split(",") if value.strip())
    if not colon or not listed:
        raise ValueError(f"`{text}` is not of the form {_FORM}")
    return Sweep(file=Path(file), place=f"${path}", values=listed)


def is_in(sweep: Sweep, folder: Path) -> bool:
    """Whether the file of a sweep belongs to a policy folder."""
    return sweep.file.absolute().is_relative_to(folder.absolute())


def write_setting(sweep: Sweep, value: str, folder: Path, *, target: Path) -> None:
    """
    Copies a policy folder to `target`, with this value at the sweep's place.

    Raises:
        ValueError: there is no such place in the file, or what stands there is no single value.
        OSError: the folder cannot be copied.
    """
    shutil.copytree(folder, target, dirs_exist_ok=True)
    copied = target / sweep.file.absolute().relative_to(folder.absolute())
    text = copied.read_text(encoding="utf-8")
    node = _at(compose(text), _keys(sweep.place))
    if node is None or node.value is None:
        raise ValueError(f"`{sweep.file}` has no single value at `{sweep.place}`")
    copied.write_text(text[: node.start] + value + text[node.end :], encoding="utf-8")


def _at(node: Node | None, keys: tuple[Key, ...]) -> Node | None:
    for key in keys:
        if node is None:
            return None
        if isinstance(key, int):
            items = node.items or []
            node = items[key] if key < len(items) else None
        else:
            node = next((value for name, value in node.entries or () if name.value == key), None)
    return node


def _keys(place: str) -> tuple[Key, ...]:
    rest = place[1:]
    keys: list[Key] = []
    while rest:
        step = _STEP.match(rest)
        if step is None:
            raise ValueError(f"`{place}` is not a path such as $.rules[0].when.message.chars.gt")
        keys.append(int(step[2]) if step[2] is not None else step[1] or step[3])
        rest = rest[step.end() :]
    return tuple(keys)
