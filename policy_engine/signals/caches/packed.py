"""The entries of a cache and the index over their vectors, as bytes that are quick to read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, NamedTuple

import numpy as np

from policy_engine.signals.caches.contents import Contents, Group
from policy_engine.signals.caches.entry import Entry, decoded, encoded
from policy_engine.signals.caches.neighbours import Kept, Neighbours

FORMAT: Final = 2
"""Of what order the bytes are; those of another are not read."""

_START: Final = b"policy_engine cache\n"
_DIGEST_BYTES: Final = 16
_NO_TEXT: Final = bytes(_DIGEST_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """
    A moment of a cache's entries.

    Attributes:
        position: of the newest record of the log that is in it.
        entries: in order, by id.
        texts: ids by `text_digest`.
        groups: by isolation key, whose each slot is, and the vectors.
        packed: where the entries are that are numbers.
    """

    position: int
    entries: tuple[tuple[str, Entry | int], ...]
    texts: Mapping[bytes, str]
    groups: Mapping[str, tuple[Mapping[int, str], Kept]]
    packed: PackedEntries | None


class Unpacked(NamedTuple):
    """What bytes held: entries, and up to where they follow their log."""

    contents: Contents
    position: int


class Pieces:
    """Bytes by number, one after the other in one piece, from bound to bound."""

    def __init__(self, bounds: Any, content: bytes) -> None:
        self._bounds = bounds
        self._content = content

    def __getitem__(self, number: int) -> bytes:
        return self._content[int(self._bounds[number]) : int(self._bounds[number + 1])]


class PackedEntries:
    """
    Entries by number that are read one by one as they are asked for.

    Args:
        texts: their questions, which are looked at most.
        heads: the rest, as `encoded` writes entries.
    """

    def __init__(self, ids: Sequence[str], ends_s: Any, texts: Pieces, heads: Pieces) -> None:
        self._ids = ids
        self._ends_s = ends_s
        self._texts = texts
        self._heads = heads

    def entry(self, number: int) -> Entry | None:
        """The entry of that number; None if it is none."""
        entry = decoded(self._ids[number], self._heads[number], until_s=self.until_s(number))
        return None if entry is None else replace(entry, text=self.text(number))

    def text(self, number: int) -> str:
        """The question of that entry."""
        return self._texts[number].decode("utf-8", "surrogatepass")

    def over(self, now_s: float) -> list[tuple[int, str]]:
        """Numbers and ids of those whose time is over."""
        return [(number, self._ids[number]) for number in np.flatnonzero(self._ends_s <= now_s).tolist()]

    def until_s(self, number: int) -> float:
        """When it ends."""
        return float(self._ends_s[number])

    def written(self, number: int) -> tuple[bytes, bytes]:
        """The question, and the rest, as they stand in a file."""
        return self._texts[number], self._heads[number]


def captured(contents: Contents, position: int) -> Captured:
    """
    What is to be kept of a cache, taken while nobody changes it.

    Vectors and index are not copied: an index must not change until it is packed. What is changed of the vectors
    meanwhile does no harm, since the log has it after this position, and whoever reads the bytes follows the log.
    """
    packed = contents.packed
    return Captured(
        position=position,
        entries=tuple(contents.entries.items()),
        texts=dict(contents.texts),
        groups={key: (dict(group.owners), group.neighbours.kept()) for key, group in contents.groups.items()},
        packed=packed if isinstance(packed, PackedEntries) else None,
    )


def pack(taken: Captured, log: str) -> Iterator[Any]:
    """The bytes, in pieces."""
    numbers = {id: number for number, (id, _) in enumerate(taken.entries)}
    written = [_written(entry, taken.packed) for _, entry in taken.entries]
    ends_s = [_until_s(entry, taken.packed) for _, entry in taken.entries]
    digests = {id: digest for digest, id in taken.texts.items()}
    groups = [_Sections(key, owners, kept, numbers) for key, (owners, kept) in taken.groups.items()]
    columns = (
        json.dumps([id for id, _ in taken.entries]).encode(),
        b"".join(digests.get(id, _NO_TEXT) for id, _ in taken.entries),
        np.array(ends_s, "<f8").tobytes(),
        *_joined([text for text, _ in written]),
        *_joined([head for _, head in written]),
    )
    header = {
        "format": FORMAT,
        "log": log,
        "position": taken.position,
        "usearch": _usearch(),
        "columns": [len(column) for column in columns],
        "groups": [group.header for group in groups],
    }
    ahead = json.dumps(header).encode()
    yield from (_START, len(ahead).to_bytes(8, "little"), ahead, *columns)
    for group in groups:
        yield from group.sections


def unpacked(content: memoryview, log: str) -> Unpacked:
    """
    What bytes hold that `pack` has made: nothing else must come here, since usearch believes what it reads.

    Raises:
        ValueError: they are of another order, or of another log.
    """
    read = _Reader(content)
    if bytes(read.take(len(_START))) != _START:
        raise ValueError("it does not begin as such files do")
    header = json.loads(bytes(read.take(int.from_bytes(read.take(8), "little"))))
    if header["format"] != FORMAT:
        raise ValueError(f"it has format {header['format']}, and this release reads {FORMAT}")
    if header["log"] != log:
        raise ValueError(f"it is of `{header['log']}`")
    ids, digests, ends_s, *joined = (read.take(size) for size in header["columns"])
    names = json.loads(bytes(ids))
    is_ours = header["usearch"] == _usearch()
    slots: dict[str, int] = {}
    groups = dict(_group(entry, read, names, slots, with_index=is_ours) for entry in header["groups"])
    contents = Contents(
        dict(zip(names, range(len(names)), strict=True)),
        texts=_texts(bytes(digests), names),
        slots=slots,
        groups=groups,
        packed=PackedEntries(names, np.frombuffer(ends_s, "<f8").copy(), _pieces(*joined[:2]), _pieces(*joined[2:])),
    )
    return Unpacked(contents, int(header["position"]))


class _Sections:
    """The bytes of one group, and what to say of them ahead."""

    def __init__(self, key: str, owners: Mapping[int, str], kept: Kept, numbers: Mapping[str, int]) -> None:
        index = b"" if kept.index is None else kept.index.save()
        # INVARIANT: an owner is among the entries, since both were taken at one moment.
        owned = [(slot, numbers[id]) for slot, id in owners.items()]
        self.sections = (np.array(owned, "<i4").tobytes(), np.ascontiguousarray(kept.rows, "<f2").data.cast("B"), index)
        self.header = {
            "key": key,
            "dimensions": kept.rows.shape[1],
            "free": kept.free,
            "fresh": kept.fresh,
            "doomed": kept.doomed,
            "sections": [len(section) for section in self.sections],
        }


class _Reader:
    """Pieces of bytes, one after the other."""

    def __init__(self, content: memoryview) -> None:
        self._content = content
        self._at = 0

    def take(self, size: int) -> memoryview:
        """The next so many bytes."""
        piece = self._content[self._at : self._at + size]
        self._at += size
        if len(piece) != size:
            raise ValueError("it is cut off")
        return piece


def _group(
    header: Mapping[str, Any], read: _Reader, names: Sequence[str], slots: dict[str, int], *, with_index: bool
) -> tuple[str, Group]:
    """One group by its key; the slots of its entries are added to those given."""
    owned, rows, index = (read.take(size) for size in header["sections"])
    pairs = np.frombuffer(owned, "<i4").reshape(-1, 2)
    owners = dict(zip(pairs[:, 0].tolist(), map(names.__getitem__, pairs[:, 1].tolist()), strict=True))
    slots.update(zip(owners.values(), owners, strict=True))
    kept = Kept(
        rows=np.frombuffer(rows, "<f2").reshape(-1, header["dimensions"]),
        free=tuple(header["free"]),
        fresh=tuple(header["fresh"]),
        doomed=tuple(header["doomed"]),
        index=index if with_index and len(index) else None,
    )
    return header["key"], Group(Neighbours.of(kept), owners)


def _texts(digests: bytes, names: Sequence[str]) -> dict[bytes, str]:
    each = (digests[at : at + _DIGEST_BYTES] for at in range(0, len(digests), _DIGEST_BYTES))
    texts = dict(zip(each, names, strict=True))
    texts.pop(_NO_TEXT, None)
    return texts


def _written(entry: Entry | int, packed: PackedEntries | None) -> tuple[bytes, bytes]:
    """The question of an entry, and the rest."""
    if not isinstance(entry, int):
        return entry.text.encode("utf-8", "surrogatepass"), encoded(replace(entry, text=""))
    return (b"", b"") if packed is None else packed.written(entry)


def _joined(pieces: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Where pieces begin and end, and these."""
    return np.cumsum([0, *map(len, pieces)]).astype("<u8").tobytes(), b"".join(pieces)


def _pieces(bounds: memoryview, content: memoryview) -> Pieces:
    return Pieces(np.frombuffer(bounds, "<u8").copy(), bytes(content))


def _until_s(entry: Entry | int, packed: PackedEntries | None) -> float:
    if not isinstance(entry, int):
        return entry.until_s
    return 0.0 if packed is None else packed.until_s(entry)


def _usearch() -> str:
    """Which release of usearch is here, since one may not read another's index; empty if none is."""
    try:
        return version("usearch")
    except PackageNotFoundError:
        return ""
