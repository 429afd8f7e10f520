"""`only`: nothing that the request causes touches what has not all of the tags."""

from pathlib import Path
from typing import Any

from policy_engine.evaluator.decide import decide
from policy_engine.model.facts import Facts
from policy_engine.model.request import Request
from tests.policies_of import policies

POLICY = """
caches:
  inside: {kind: semantic, embedder: hashed, threshold: 0.9, ttl: 1d}
  outside: {kind: semantic, embedder: far/small, threshold: 0.9, ttl: 1d}
rules:
  - {name: eu, then: {only: {tags: [eu]}}}
  - {name: keep, when: {wants: {json: true}}, then: {remember: outside, shadow: {route: haiku}}}
  - {name: keep-inside, when: {wants: {stream: true}}, then: {remember: inside, shadow: {route: mini}}}
  - {name: cached, when: {task: chat}, then: {respond: {cache: outside}}}
  - {name: cached-inside, when: {task: code}, then: {respond: {cache: inside}}}
  - {name: r, then: {route: frontier}}
"""


def _decided(folder: Path, request: Request) -> tuple[dict[str, Any], list[str]]:
    asked: list[str] = []

    def learn(groups: tuple[str, ...], facts: Facts) -> dict[str, Any]:
        asked.extend(groups)
        return {group: {"similarity": 1} for group in groups}

    return decide(policies(folder, POLICY), request, learn=learn).to_json(), asked


def test_a_lookup_that_is_ruled_out_is_unknown_and_not_made(tmp_path: Path) -> None:
    """A cache whose embedder has not the tags is not asked, and its rule is unknown."""
    decision, asked = _decided(tmp_path, Request(task="chat"))

    assert (decision["rule"], decision["unknown"], asked) == ("r", ["cache.outside"], [])


def test_a_store_and_a_shadow_that_are_ruled_out_are_dropped(tmp_path: Path) -> None:
    """What would be remembered or asked outside of the tags is not in the decision."""
    decision, _ = _decided(tmp_path, Request(wants={"json": True}))

    assert decision["modifiers"] == {"only": {"tags": ["eu"]}}


def test_what_runs_inside_the_process_always_passes(tmp_path: Path) -> None:
    """A cache with an embedder of our own is asked, and a shadow of a model with the tags stays."""
    looked_up, asked = _decided(tmp_path, Request(task="code"))
    kept, _ = _decided(tmp_path, Request(wants={"stream": True}))

    assert (looked_up["rule"], asked) == ("cached-inside", ["cache.inside"])
    assert set(kept["modifiers"]) == {"only", "remember", "shadow"}
