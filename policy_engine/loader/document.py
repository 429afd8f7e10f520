"""
Strict YAML text → plain data.

The data is made straight from the parser's events, in one pass. What a policy may not hold is noted and left out, so
that the rest of the file can still be checked; only where the text is not YAML at all is there no data.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from policy_engine.diagnostics import Diagnostic, Key, Part, Related
from policy_engine.loader import strictness
from policy_engine.loader.anchors import AnchorFault, Anchors, Expansion
from policy_engine.loader.events import (
    Alias,
    MappingEnd,
    MappingStart,
    Scalar,
    SequenceEnd,
    StreamEnd,
    SyntaxFault,
    event_source,
)
from policy_engine.loader.faults import bad_key, duplicate_key, merge_key, several_documents, too_deep, yaml_tag
from policy_engine.loader.locate import Locator
from policy_engine.loader.notes import Notes
from policy_engine.loader.plain import Refusal, is_null, plain_value
from policy_engine.loader.scalars import (
    note_controls,
    note_lone_dash,
    note_raw_control,
    note_refusal,
    tagged_value,
    written_tag,
)
from policy_engine.loader.syntax import note_syntax_fault

_NEXT_LINE: Final = "\x85"  # a control character that the parser would take for a line break
_LEFT_OUT: Final = object()
_COLLECTION_TAGS: Final = {True: "tag:yaml.org,2002:map", False: "tag:yaml.org,2002:seq"}
_REGEX_KEYS: Final = frozenset({"expr", "matches"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """
    What one file says.

    `data` is dict, list, str, int, float and bool, with text as keys; a file without content is an empty mapping, one
    that could not be read is None. Values written once and aliased elsewhere are the same object: do not change them.
    `left_out` has the offsets of list items that were left out of the data.
    """

    data: Any
    diagnostics: tuple[Diagnostic, ...]
    left_out: frozenset[int] = frozenset()


class _GivenUp(Exception):
    """Reading on would cost too much; the reason is noted."""


def read_document(text: str, path: str) -> Document:
    """The data of a policy file and what is wrong with it; `path` is what people are shown."""
    notes = Notes(path, text)
    if _NEXT_LINE in text:
        note_raw_control(notes, text.index(_NEXT_LINE))
        return Document(data=None, diagnostics=notes.taken())
    try:
        reader = _Reader(text, notes)
        data = reader.document()
    except SyntaxFault as fault:
        return Document(data=None, diagnostics=_syntax_fault(notes, fault))
    except _GivenUp:
        return Document(data=None, diagnostics=notes.taken())
    strictness.note_glued_signs(notes)
    return Document(data=data, diagnostics=notes.taken(), left_out=frozenset(reader.left_out))


def _syntax_fault(notes: Notes, fault: Exception) -> tuple[Diagnostic, ...]:
    alone = Notes(notes.path, notes.text)
    note_syntax_fault(alone, fault)
    return alone.taken()


class _Reader:
    """
    Makes data from events. `path` is where in the data reading stands; its last key is the one being read.

    Written for speed where every scalar passes: `plain` and `keys` remember what was seen before, which saves both
    time and memory.
    """

    __slots__ = ("anchors", "column", "key", "keys", "last", "left_out", "locator", "next", "notes", "path", "plain")

    def __init__(self, text: str, notes: Notes) -> None:
        self.next = event_source(text)
        self.notes = notes
        self.path: list[Key] = []
        self.plain: dict[str, Any] = {}
        self.keys: dict[str, str] = {}
        self.anchors = Anchors()
        self.left_out: set[int] = set()
        self.locator: Locator | None = None
        self.key: Any = None  # the event of the key whose value is being read; None in a list
        self.last: Any = None  # the event that ended the last collection
        self.column: int | None = None  # of the block collection that reading is in; None in flow style and at the top

    def document(self) -> Any:
        """The data of the first document of the stream."""
        self.next()
        if type(self.next()) is StreamEnd:
            return {}
        event = self.next()
        data = {} if _is_absent(event) else self.value(event)
        self.next()
        following = self.next()
        if type(following) is not StreamEnd:
            self._note_several(following)
        return None if data is _LEFT_OUT else data

    def value(self, event: Any) -> Any:
        """The value that begins with this event, or _LEFT_OUT."""
        kind = type(event)
        if kind is Alias:
            return self._expanded(event)
        if event.anchor is not None or event.tag is not None:
            return self._decorated(event)
        return self._scalar(event) if kind is Scalar else self._collection(event)

    def _scalar(self, event: Any) -> Any:
        text, style = event.value, event.style
        if not style:
            value = self.plain.get(text)
            return value if value is not None else self._new_plain(event)
        if style == '"' and not text.isprintable() and note_controls(self.notes, event, self.path):
            return _LEFT_OUT
        if style in "|>":
            strictness.note_block_indent(self.notes, event, column=self.column, keys=self.path)
        elif event.start_mark.line != event.end_mark.line:
            strictness.note_shallow_lines(self.notes, event, event, column=self.column, keys=self.path)
        return text

    def _new_plain(self, event: Any) -> Any:
        value = plain_value(event.value)
        if isinstance(value, Refusal):
            note_refusal(self.notes, value, event, key=self.key, keys=self.path)
            return _LEFT_OUT
        if value == "-":
            note_lone_dash(self.notes, event, self.path)
            return _LEFT_OUT
        self.plain[event.value] = value
        return value

    def _collection(self, event: Any) -> Any:
        path = self.path
        if len(path) >= too_deep.MAX_DEPTH:
            self._give_up_depth(event)
        path.append("")
        column, in_flow = self.column, event.flow_style
        self.column = None if in_flow else event.start_mark.column
        data = self._mapping() if type(event) is MappingStart else self._sequence()
        self.column = column
        path.pop()
        if in_flow and column is not None and event.start_mark.line != self.last.end_mark.line:
            strictness.note_shallow_lines(self.notes, event, self.last, column=column, keys=path)
        return data

    def _sequence(self) -> list[Any]:
        data: list[Any] = []
        path, next_event, plain = self.path, self.next, self.plain
        index = 0
        while (kind := type(event := next_event())) is not SequenceEnd:
            value = plain.get(event.value) if kind is Scalar and not event.style else None
            if value is None or event.anchor is not None or event.tag is not None:
                path[-1] = index
                self.key = None
                value = self.value(event)
            if value is _LEFT_OUT:
                self.left_out.add(event.start_mark.index)
            else:
                data.append(value)
            index += 1
        self.last = event
        return data

    def _mapping(self) -> dict[str, Any]:
        data: dict[str, Any] = {}
        path, next_event, keys, plain = self.path, self.next, self.keys, self.plain
        is_whole = True
        while (kind := type(event := next_event())) is not MappingEnd:
            key = keys.get(event.value) if kind is Scalar and not event.style else None
            if (key is None or event.anchor is not None or event.tag is not None) and (key := self._key(event)) is None:
                continue
            start = next_event()
            value = plain.get(start.value) if type(start) is Scalar and not start.style else None
            if value is None or start.anchor is not None or start.tag is not None:
                path[-1] = key
                self.key = event
                value = self.value(start)
                is_whole = is_whole and value is not _LEFT_OUT
            if key in data:
                self._note_duplicate(event, key)
                continue
            if key in _REGEX_KEYS:
                strictness.note_cutting_comment(self.notes, start, (*path[:-1], key))
            data[key] = value
        self.last = event
        return data if is_whole else {key: value for key, value in data.items() if value is not _LEFT_OUT}

    def _key(self, event: Any) -> str | None:
        """The text of a key; None if it cannot be one: then that is noted, and its value is skipped."""
        if type(event) is not Scalar:
            self._refuse_complex(event)
            return None
        text: str = event.value
        if event.style or event.anchor is not None or event.tag is not None:
            return self._unusual_key(event)
        if text == "<<":
            self._refuse_merge(event)
            return None
        if is_null(text):
            self._refuse_null(event)
            return None
        self.keys[text] = text
        return text

    def _unusual_key(self, event: Any) -> str | None:
        text: str = event.value
        if event.anchor is not None:
            self.anchors.close(self.anchors.open(event.anchor), text)
        if event.tag is not None and tagged_value(event) is None:
            self._note_tag(event)
        elif is_null(text) and not event.style:
            self._refuse_null(event)
            return None
        elif text.isprintable() or not note_controls(self.notes, event, self.path[:-1]):
            return text
        self._skip_value(event)
        return None

    def _refuse_merge(self, event: Any) -> None:
        message = "the merge key `<<` is not allowed in a policy"
        help = "repeat the keys here, or give what is shared a name under `conditions`"
        self._refuse_key(merge_key, message, event, help=help)

    def _refuse_null(self, event: Any) -> None:
        message = f"`{event.value}` as a key is null" if event.value else "there is no key before this `:`"
        self._refuse_key(bad_key, message, event, help="write the key; one that is called so goes in quotes")

    def _refuse_complex(self, event: Any) -> None:
        message, help = "a key must be a name", "write one `name: value` for each key"
        start = event.start_mark.index
        if self.notes.text[max(0, start - 1) : start + 1] == "{{":
            help = "YAML reads `{{` as a mapping inside a mapping: put the whole value in single quotes"
        elif type(event) is Alias:
            message = f"the alias `*{event.anchor}` cannot be a key"
        self.path[-1] = ""
        keys = self.path[:-1]
        notes, self.notes = self.notes, Notes(self.notes.path, self.notes.text)  # what is in it is beside the point
        try:
            self.value(event)
            self._skip_value(event)
        finally:
            self.notes = notes
            notes.add(bad_key, message, start=start, end=event.end_mark.index, help=help, keys=keys)

    def _refuse_key(self, fault: ModuleType, message: str, event: Any, *, help: str) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        self.notes.add(fault, message, start=start, end=max(end, start + 1), help=help, keys=self.path[:-1])
        self._skip_value(event)

    def _skip_value(self, key: Any) -> None:
        self.path[-1] = str(getattr(key, "value", ""))
        self.key = key
        self.value(self.next())

    def _note_duplicate(self, event: Any, key: str) -> None:
        if self.notes.is_full:
            return
        self.path[-1] = key
        self.locator = self.locator or Locator(self.notes.text)
        first = self.locator.stretch(self.path, part=Part.KEY)
        related = Related(span=self.notes.lines.span(self.notes.path, *first), message=f"`{key}` is first written here")
        self.notes.add(
            duplicate_key,
            f"the key `{key}` is written twice in one mapping",
            start=event.start_mark.index,
            end=event.end_mark.index,
            help="keep one of them, or join the two values",
            keys=self.path,
            related=(related,),
        )

    def _decorated(self, event: Any) -> Any:
        """A value with an anchor, a tag or both."""
        anchor = self.anchors.open(event.anchor) if event.anchor is not None else None
        if type(event) is Scalar:
            value = self._tagged_scalar(event) if event.tag is not None else self._scalar(event)
        else:
            is_plain = event.tag in (None, _COLLECTION_TAGS[type(event) is MappingStart])
            value = self._collection(event) if is_plain else self._foreign_collection(event)
        if anchor is not None:
            self.anchors.close(anchor, value)
        return value

    def _foreign_collection(self, event: Any) -> Any:
        notes, self.notes = self.notes, Notes(self.notes.path, self.notes.text)  # what is in it is beside the point
        try:
            self._collection(event)
        finally:
            self.notes = notes
            self._note_tag(event)
        return _LEFT_OUT

    def _tagged_scalar(self, event: Any) -> Any:
        value = tagged_value(event)
        if value is None:
            self._note_tag(event)
            return _LEFT_OUT
        if event.style and note_controls(self.notes, event, self.path):
            return _LEFT_OUT
        return value

    def _note_tag(self, event: Any) -> None:
        tag, start = written_tag(self.notes.text, event)
        help = "remove it; a value that begins with `!` goes in single quotes"
        if event.tag.startswith("tag:yaml.org,2002:") and type(event) is Scalar:
            help = "remove it; plain numbers, booleans and text need no tag"
        message = f"the tag `{tag}` does not fit a value of a policy"
        self.notes.add(yaml_tag, message, start=start, end=start + len(tag), help=help, keys=self.path)

    def _expanded(self, event: Any) -> Any:
        """What an alias stands for."""
        found = self.anchors.expand(event.anchor, depth=too_deep.MAX_DEPTH - len(self.path))
        if isinstance(found, Expansion):
            return found.value
        start, end = event.start_mark.index, event.end_mark.index
        message, help = found.told(event.anchor)
        self.notes.add(found.fault, message, start=start, end=end, help=help, keys=self.path)
        if found in (AnchorFault.TOO_LARGE, AnchorFault.TOO_DEEP):
            raise _GivenUp
        return _LEFT_OUT

    def _give_up_depth(self, event: Any) -> None:
        start = event.start_mark.index
        self.notes.add(too_deep, too_deep.MESSAGE, start=start, end=start + 1, help=too_deep.HELP, keys=self.path)
        raise _GivenUp

    def _note_several(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        message, help = "a second document begins here", "put it in a file of its own, and remove the `---`"
        self.notes.add(several_documents, message, start=start, end=max(end, start + 1), help=help)


def _is_absent(event: Any) -> bool:
    return type(event) is Scalar and not event.value and not event.style and event.anchor is None and event.tag is None
