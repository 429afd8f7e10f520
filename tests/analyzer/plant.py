"""
Defective bundles from clean ones: one defect is planted in each, and what has to be found where is written down.

    python -m tests.analyzer.plant        writes tests/cases/analysis/planted anew

`planted/expected.json` has for each bundle the code, and the file and YAML path at or below which it must be found.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from policy_engine.diagnostics import Key, yaml_path
from policy_engine.loader.bundle import load

CASES = Path(__file__).parents[1] / "cases" / "analysis"
CLEAN, PLANTED = CASES / "clean", CASES / "planted"
EACH = 3
"""How many bundles get a defect of one kind, at most."""

Files = dict[str, Any]
"""The policy files of a bundle by name, as data."""


@dataclass(frozen=True)
class Defect:
    """A bundle with one defect: its files, and the code and place of what must be found."""

    files: Files
    code: str
    path: str
    keys: tuple[Key, ...]


Plant = Callable[[Files], Defect | None]


def main() -> None:
    """Writes every defective bundle and the list of what is to be found."""
    shutil.rmtree(PLANTED, ignore_errors=True)
    expected = {}
    for name, source, defect in defects():
        folder = PLANTED / name
        folder.mkdir(parents=True)
        for path, data in defect.files.items():
            text = yaml.safe_dump(data, sort_keys=False, width=110, allow_unicode=True)
            (folder / path).write_text(text, encoding="utf-8")
        for asset in source.glob("*.json"):
            shutil.copy(asset, folder)
        expected[name] = {"code": defect.code, "path": defect.path, "yaml_path": yaml_path(defect.keys)}
    (PLANTED / "expected.json").write_text(json.dumps(expected, indent=2) + "\n", encoding="utf-8")


def defects() -> Iterator[tuple[str, Path, Defect]]:
    """Each defective bundle with its name and the clean one it is made from; kinds begin with different bundles."""
    sources = sorted(path for path in CLEAN.iterdir() if path.is_dir())
    for number, plant in enumerate(PLANTS):
        start = number * 5 % len(sources)
        planted = 0
        for source in (*sources[start:], *sources[:start]):
            defect = plant(read(source))
            if defect is not None and planted < EACH:
                planted += 1
                kind = plant.__name__.strip("_").replace("_", "-")
                yield f"{kind}-in-{source.name}", source, defect


def read(folder: Path) -> Files:
    """The policy files of a bundle, as data."""
    return {file.path: deepcopy(file.data) for file in load(folder).files}


def _rules(files: Files) -> Iterator[tuple[str, int, dict[str, Any]]]:
    for path, data in files.items():
        for place, rule in enumerate(data.get("rules", ())):
            yield path, place, rule


def _terminal(rule: dict[str, Any]) -> bool:
    return any(effect in rule["then"] for effect in ("route", "respond", "cascade", "deny"))


def _insert(files: Files, path: str, place: int, rule: dict[str, Any], like: dict[str, Any]) -> tuple[Key, ...]:
    """Puts a rule into a list, with the priority of another, and gives its place."""
    if "priority" in like:
        rule = {"name": rule["name"], "priority": like["priority"], **rule}
    files[path]["rules"].insert(place, rule)
    return ("rules", place)


def _other_tier(files: Files, then: dict[str, Any]) -> str:
    names = [tier["name"] for data in files.values() for tier in data.get("tiers", ())]
    return next(name for name in names if then.get("route") not in (name, [name]))


def _declaring(files: Files) -> str:
    return next(path for path, data in files.items() if "models" in data)


def _first(files: Files, wanted: Callable[[dict[str, Any]], bool]) -> tuple[str, int, dict[str, Any]] | None:
    return next((found for found in _rules(files) if wanted(found[2])), None)


def _narrowed(when: dict[str, Any]) -> dict[str, Any]:
    return {"all": [deepcopy(when), {"message": {"chars": {"gt": 500}}}]}


def _is_plain(rule: dict[str, Any]) -> bool:
    """A rule that decides and has a condition that more can be added to."""
    return _terminal(rule) and set(rule.get("when", {})) == {"task"} and "cascade" not in rule["then"]


def _shadowed(files: Files) -> Defect | None:
    found = _first(files, _is_plain)
    if found is None:
        return None
    path, place, rule = found
    planted = {"name": "planted", "when": _narrowed(rule["when"]), "then": {"route": _other_tier(files, rule["then"])}}
    return Defect(files, "PE502", path, _insert(files, path, place + 1, planted, rule))


def _shadowed_after_others(files: Files) -> Defect | None:
    rules = [found for found in _rules(files) if _is_plain(found[2])]
    if len(rules) < 2:
        return None
    path, _, rule = rules[0]
    planted = {"name": "planted", "when": deepcopy(rule["when"]), "then": {"deny": {"status": 403}}}
    planted["on_unknown"] = "skip"
    last = max(at for where, at, _ in _rules(files) if where == path)
    return Defect(files, "PE502", path, _insert(files, path, last + 1, planted, rule))


def _subsumed(files: Files) -> Defect | None:
    found = _first(files, _is_plain)
    if found is None:
        return None
    path, place, rule = found
    planted = {"name": "planted", "when": _narrowed(rule["when"]), "then": deepcopy(rule["then"])}
    return Defect(files, "PE503", path, _insert(files, path, place + 1, planted, rule))


def _subsumed_before(files: Files) -> Defect | None:
    found = _first(files, _is_plain)
    if found is None:
        return None
    path, place, rule = found
    planted = {"name": "planted", "when": _narrowed(rule["when"]), "then": deepcopy(rule["then"])}
    return Defect(files, "PE503", path, _insert(files, path, place, planted, rule))


def _duplicate(files: Files) -> Defect | None:
    found = _first(files, lambda rule: _terminal(rule) and len(rule.get("when", {})) > 1 and "sample" not in str(rule))
    if found is None:
        return None
    path, place, rule = found
    planted = {**deepcopy(rule), "name": "planted", "when": {"all": [deepcopy(rule["when"])]}}
    return Defect(files, "PE504", path, _insert(files, path, place + 1, planted, rule))


def _unreachable_by_enum(files: Files) -> Defect | None:
    for data in files.values():
        for name, declared in data.get("attributes", {}).items():
            values = declared.get("enum", ())
            if len(values) >= 3 and declared["type"] == "string":
                path, _, first = next(iter(_rules(files)))
                for place, value in enumerate(values[:2]):
                    planted = {"name": f"planted-{place}", "when": {"attributes": {name: value}}}
                    _insert(files, path, place, {**planted, "then": {"route": _tiers(files)[place]}}, first)
                refuse = {"on_unknown": "skip", "then": {"deny": {"status": 403}}}
                both = {"name": "planted", "when": {"attributes": {name: values[:2]}}, **refuse}
                return Defect(files, "PE501", path, _insert(files, path, 2, both, first))
    return None


def _unreachable_by_length(files: Files) -> Defect | None:
    found = _first(files, _is_plain)
    if found is None:
        return None
    path, place, rule = found
    for offset, span in enumerate(({"lt": 1000}, {"gte": 1000}, {"gt": 500})):
        then = {"route": _tiers(files)[offset]} if offset < 2 else {"respond": {"text": "Too long."}}
        planted = {"name": f"planted-{offset}", "when": {**rule["when"], "input": {"tokens": span}}, "then": then}
        _insert(files, path, place + offset, planted, rule)
    return Defect(files, "PE501", path, ("rules", place + 2))


def _tiers(files: Files) -> list[str]:
    return [tier["name"] for data in files.values() for tier in data.get("tiers", ())][:2]


def _contradictory_length(files: Files) -> Defect | None:
    found = _first(files, _is_plain)
    if found is None:
        return None
    path, place, rule = found
    rule["when"] = {"all": [rule["when"], {"message": {"chars": {"lt": 20}}}, {"message": {"words": {"gt": 40}}}]}
    return Defect(files, "PE505", path, ("rules", place, "when"))


def _contradictory_task(files: Files) -> Defect | None:
    tasks = [task for data in files.values() for task in data.get("tasks", ())]
    found = _first(files, lambda rule: _is_plain(rule) and isinstance(rule["when"]["task"], str))
    if found is None or len(tasks) < 2:
        return None
    path, place, rule = found
    other = next(task for task in tasks if task != rule["when"]["task"])
    rule["when"] = {**rule["when"], "none": [{"not": {"task": other}}]}
    return Defect(files, "PE505", path, ("rules", place, "when"))


def _contradictory_alternative(files: Files) -> Defect | None:
    found = _first(files, _is_plain)
    if found is None:
        return None
    path, place, rule = found
    dead = {"message": {"chars": {"gt": 900}, "words": {"lt": 5}}, "not": {"message": {"chars": {"gt": 100}}}}
    rule["when"] = {**rule["when"], "any": [{"conversation": {"turns": {"gte": 2}}}, dead]}
    return Defect(files, "PE505", path, ("rules", place, "when", "any", 1))


def _always_true(files: Files) -> Defect | None:
    for data in files.values():
        for name, declared in data.get("attributes", {}).items():
            found = _first(files, _is_plain)
            if declared.get("enum") and declared["type"] == "string" and found is not None:
                path, place, rule = found
                value = declared["enum"][0]
                both = [{"attributes": {name: value}}, {"not": {"attributes": {name: value}}}]
                rule["when"] = {**rule["when"], "any": both}
                return Defect(files, "PE506", path, ("rules", place, "when", "any"))
    return None


def _always_true_wants(files: Files) -> Defect | None:
    found = _first(files, _is_plain)
    if found is None:
        return None
    path, place, rule = found
    rule["when"] = {**rule["when"], "any": [{"wants": {"json": True}}, {"wants": {"json": False}}]}
    return Defect(files, "PE506", path, ("rules", place, "when", "any"))


def _file_order(files: Files) -> Defect | None:
    found = _first(files, lambda rule: _terminal(rule) and "task" in rule.get("when", {}))
    if found is None:
        return None
    _, _, rule = found
    when = {"message": {"chars": {"gt": 100}}}
    planted = {
        "name": "planted",
        "when": when,
        "then": {"route": _other_tier(files, rule["then"]), "tags": ["planted"]},
    }
    if "priority" in rule:
        planted["priority"] = rule["priority"]
    files["zz-planted.yaml"] = {"version": 1, "rules": [planted]}
    return Defect(files, "PE507", "zz-planted.yaml", ("rules", 0))


def _uncovered_task(files: Files) -> Defect | None:
    for path, data in files.items():
        if len(data.get("tasks", ())) >= 2 and "'none': [{'task'" not in str(data):
            data["tasks"].append("planted_task")
            return Defect(files, "PE508", path, ("tasks", len(data["tasks"]) - 1))
    return None


def _never_score(files: Files) -> Defect | None:
    for path, data in files.items():
        for place, rule in enumerate(data.get("rules", ())):
            for name in rule.get("when", {}).get("score", {}):
                rule["when"]["score"][name] = {"gte": 50}
                return Defect(files, "PE509", path, ("rules", place, "when", "score", name))
    return None


def _never_length(files: Files) -> Defect | None:
    found = _first(files, _is_plain)
    if found is None:
        return None
    path, place, rule = found
    rule["when"] = {**rule["when"], "message": {"chars": {"lt": 1}}}
    return Defect(files, "PE509", path, ("rules", place, "when", "message", "chars"))


def _never_share(files: Files) -> Defect | None:
    return _with_phrases(files, {"gt": 1}, "PE509")


def _always_share(files: Files) -> Defect | None:
    return _with_phrases(files, {"gte": -1}, "PE510")


def _with_phrases(files: Files, span: dict[str, float], code: str) -> Defect | None:
    found = _first(files, _is_plain)
    if found is None:
        return None
    path, place, rule = found
    data = files[_declaring(files)]
    data["phrases"] = {**data.get("phrases", {}), "planted": {"embedder": "hashed", "of": ["good morning"]}}
    rule["when"] = {**rule["when"], "similar": {"planted": span}}
    return Defect(files, code, path, ("rules", place, "when", "similar", "planted"))


def _always_length(files: Files) -> Defect | None:
    found = _first(
        files, lambda rule: _terminal(rule) and "task" in rule.get("when", {}) and "message" not in rule["when"]
    )
    if found is None:
        return None
    path, place, rule = found
    rule["when"] = {**rule["when"], "message": {"tokens": {"gte": 0}}}
    return Defect(files, "PE510", path, ("rules", place, "when", "message", "tokens"))


def _dear_cascade(files: Files) -> Defect | None:
    for path, data in files.items():
        for name, cascade in data.get("cascades", {}).items():
            steps = cascade["steps"]
            steps[0]["route"], steps[-1]["route"] = steps[-1]["route"], steps[0]["route"]
            if "confidence" in str(steps[0].get("accept")):
                steps[0]["accept"] = {"output": {"chars": {"gte": 40}}}
            return Defect(files, "PE511", path, ("cascades", name, "steps", 0))
    return None


def _dear_judge(files: Files) -> Defect | None:
    path = _declaring(files)
    tiers, models = files[path]["tiers"], list(files[path]["models"])
    judge = {"model": models[-1], "question": "Is it right?", "score": {"gte": 0.5}}
    steps = [{"route": tiers[1]["name"], "accept": {"output": {"judge": judge}}}, {"route": tiers[-1]["name"]}]
    files[path]["cascades"] = {**files[path].get("cascades", {}), "planted": {"steps": steps, "limits": {"cost": "$1"}}}
    found = _first(files, _is_plain)
    if found is None or "opus" not in models:
        return None
    found[2]["then"] = {"cascade": "planted"}
    return Defect(files, "PE511", path, ("cascades", "planted", "steps", 0))


def _unbounded(files: Files) -> Defect | None:
    for path, data in files.items():
        for name, cascade in data.get("cascades", {}).items():
            if "escalation_rate" not in cascade.get("limits", {}) and "limits" in cascade:
                del cascade["limits"]
                return Defect(files, "PE512", path, ("cascades", name))
    return None


def _unbounded_new(files: Files) -> Defect | None:
    path = _declaring(files)
    names = [tier["name"] for tier in files[path]["tiers"]]
    steps = [{"route": names[0], "accept": {"output": {"chars": {"gte": 40}}}}, {"route": names[-1]}]
    files[path]["cascades"] = {**files[path].get("cascades", {}), "planted": {"steps": steps}}
    found = _first(files, _is_plain)
    if found is None:
        return None
    found[2]["then"] = {"cascade": "planted"}
    return Defect(files, "PE512", path, ("cascades", "planted"))


def _unfilled_cache(files: Files) -> Defect | None:
    for path, data in files.items():
        for rule in data.get("rules", ()):
            name = rule["then"].pop("remember", None)
            if name is not None:
                rule["then"] = rule["then"] or {"tags": ["kept"]}
                return Defect(files, "PE513", path, ("caches", name))
    return None


def _unread_cache(files: Files) -> Defect | None:
    path = _declaring(files)
    found = _first(files, lambda rule: "task" in rule.get("when", {}))
    if found is None:
        return None
    files[path]["caches"] = {**files[path].get("caches", {}), "planted": {"kind": "exact"}}
    _insert(
        files, found[0], 0, {"name": "planted", "when": found[2]["when"], "then": {"remember": "planted"}}, found[2]
    )
    return Defect(files, "PE513", path, ("caches", "planted"))


def _unused(section: str, entry: Any) -> Plant:
    def plant(files: Files) -> Defect | None:
        path = _declaring(files)
        files[path][section] = {**files[path].get(section, {}), "planted": entry}
        return Defect(files, "PE514", path, (section, "planted"))

    plant.__name__ = f"_unused_{section}"
    return plant


def _unused_tier(files: Files) -> Defect | None:
    path = _declaring(files)
    if "requested" in str(files):
        return None  # whoever asks for it by name gets it
    provider = next(iter(files[path]["providers"]))
    price = {"input": 1, "output": 2}
    files[path]["models"]["planted"] = {"provider": provider, "model": "planted-1", "price": price, "context": "8k"}
    files[path]["tiers"].append({"name": "planted-tier", "models": ["planted"]})
    return Defect(files, "PE514", path, ("tiers", len(files[path]["tiers"]) - 1))


def _unknown_cheaper(files: Files) -> Defect | None:
    path = _declaring(files)
    names = [tier["name"] for tier in files[path]["tiers"]]
    found = _first(files, lambda rule: _is_plain(rule) and rule["then"].get("route") == names[0])
    if found is None:
        return None
    where, place, rule = found
    kind = {"type": "string", "enum": ["basic", "gold"]}
    files[path]["attributes"] = {**files[path].get("attributes", {}), "planted": kind}
    for value, tier in (("basic", names[1]), ("gold", names[2])):
        when = {**rule["when"], "attributes": {"planted": value}}
        _insert(files, where, place, {"name": f"planted-{value}", "when": when, "then": {"route": tier}}, rule)
    return Defect(files, "PE515", where, ("rules", place + 2))


def _unreachable_step(files: Files) -> Defect | None:
    for path, data in files.items():
        for name, cascade in data.get("cascades", {}).items():
            del cascade["steps"][0]["accept"]
            return Defect(files, "PE516", path, ("cascades", name, "steps", 0))
    return None


PLANTS: tuple[Plant, ...] = (
    _shadowed,
    _shadowed_after_others,
    _subsumed,
    _subsumed_before,
    _duplicate,
    _unreachable_by_enum,
    _unreachable_by_length,
    _contradictory_length,
    _contradictory_task,
    _contradictory_alternative,
    _always_true,
    _always_true_wants,
    _file_order,
    _uncovered_task,
    _never_score,
    _never_length,
    _never_share,
    _always_share,
    _always_length,
    _dear_cascade,
    _dear_judge,
    _unbounded,
    _unbounded_new,
    _unfilled_cache,
    _unread_cache,
    _unused("conditions", {"message": {"contains": ["urgent"]}}),
    _unused("scores", [{"when": {"message": {"chars": {"gt": 900}}}, "points": 1}]),
    _unused("phrases", {"embedder": "hashed", "of": ["good morning"]}),
    _unused("budgets", {"amount": "$5", "window": "day"}),
    _unused("signals", {"type": "number"}),
    _unused("attributes", {"type": "string"}),
    _unused_tier,
    _unknown_cheaper,
    _unreachable_step,
)
"""The kinds of defects, each planted in a clean bundle or None where it cannot be."""


if __name__ == "__main__":
    main()
