"""The stream of YAML events of a text, and of its tokens, from the C parser where there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import yaml
from yaml.events import AliasEvent as Alias
from yaml.events import DocumentStartEvent as DocumentStart
from yaml.events import MappingEndEvent as MappingEnd
from yaml.events import MappingStartEvent as MappingStart
from yaml.events import ScalarEvent as Scalar
from yaml.events import SequenceEndEvent as SequenceEnd
from yaml.events import SequenceStartEvent as SequenceStart
from yaml.events import StreamEndEvent as StreamEnd

Next: TypeAlias = Callable[[], Any]
"""Gives the next event, None after the last; raises SyntaxFault where the text is not YAML."""

SyntaxFault = yaml.YAMLError

__all__ = [
    "Alias",
    "DocumentStart",
    "MappingEnd",
    "MappingStart",
    "Next",
    "Scalar",
    "SequenceEnd",
    "SequenceStart",
    "StreamEnd",
    "SyntaxFault",
    "event_source",
    "tokens",
]

# Line breaks in YAML 1.1, which PyYAML reads, but ordinary characters in 1.2.
_NO_BREAKS = "\u2028\u2029"
_NONCHARACTERS = range(0xFDD0, 0xFDF0)


def event_source(text: str) -> Next:
    """A function that gives the text's events one by one; `index` of their marks counts code points."""
    if not any(character in text for character in _NO_BREAKS):
        return _parser(text)
    return _sheltered(text)


def tokens(text: str) -> Iterator[Any]:
    """The text's tokens, up to where it stops being YAML."""
    try:
        yield from yaml.scan(text, Loader=_loader_class())
    except SyntaxFault:
        return


def _loader_class() -> Any:
    return yaml.CLoader if yaml.__with_libyaml__ else yaml.Loader


def _parser(text: str) -> Next:
    return _loader_class()(text).get_event  # type: ignore[no-any-return]  # untyped where the C parser is chosen


def _sheltered(text: str) -> Next:
    spare = [chr(code) for code in _NONCHARACTERS if chr(code) not in text][: len(_NO_BREAKS)]
    if len(spare) < len(_NO_BREAKS):
        return _parser(text)
    back = str.maketrans("".join(spare), _NO_BREAKS)
    following = _parser(text.translate(str.maketrans(_NO_BREAKS, "".join(spare))))

    def restored() -> Any:
        event = following()
        if type(event) is Scalar:
            event.value = event.value.translate(back)
        return event

    return restored
