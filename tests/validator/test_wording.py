"""Each mistake in the form of a policy file is told once, at its place, in the words of its author."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
import yaml

from policy_engine.diagnostics import Address, Finding, Part, RelatedAddress, Severity
from policy_engine.validator import faults
from policy_engine.validator.schema import SchemaChecker, check_schema

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "mistakes.yaml").read_text(encoding="utf-8"))
FAULTS = tuple(sorted(module.name for module in iter_modules(faults.__path__)))


@pytest.fixture(scope="module")
def checker() -> SchemaChecker:
    """The checker for policy files."""
    return SchemaChecker.named("policy")


@pytest.mark.parametrize("case", CASES, ids=[case["it"] for case in CASES])
def test_a_mistake_is_told_once_at_its_place(case: dict[str, str | None], checker: SchemaChecker) -> None:
    """One mistake gives one error with the code, place, message and help that the case names."""
    found = check_schema("policy.yaml", yaml.safe_load(str(case["file"])), checker)

    assert [case | _told(finding) for finding in found] == [case]


@pytest.mark.parametrize("name", FAULTS)
def test_every_code_is_met_by_a_case(name: str) -> None:
    """No code of a form mistake is without a case that shows it."""
    fault = import_module(f"{faults.__name__}.{name}")

    assert f"{fault.CODE} {fault.NAME}" in {case["code"] for case in CASES}


@pytest.mark.parametrize("name", FAULTS)
def test_the_manual_shows_its_own_mistake_and_how_to_avoid_it(name: str, checker: SchemaChecker) -> None:
    """What a manual page says to avoid gives just its code, and what it prefers gives nothing."""
    fault = import_module(f"{faults.__name__}.{name}")
    _, avoid, prefer, _ = _sections(fault.__doc__ or "")

    assert [f.code for f in check_schema("avoid.yaml", yaml.safe_load(avoid), checker)] == [fault.CODE]
    assert check_schema("prefer.yaml", yaml.safe_load(prefer), checker) == ()


def test_two_mistakes_are_told_in_the_order_of_the_file(checker: SchemaChecker) -> None:
    """Findings of one file stand in the order in which its author reads it."""
    data = {"zone": 5, "rules": [{"name": "a", "then": {"route": "fast"}}, {"name": "b", "then": {}}], "tiers": []}

    found = check_schema("policy.yaml", data, checker)

    assert [finding.address.yaml_path for finding in found] == ["$.zone", "$.rules[1].then", "$.tiers"]


def test_a_surplus_effect_refers_to_the_first(checker: SchemaChecker) -> None:
    """Of two terminal effects the later is the finding, and the earlier is shown beside it."""
    data = {"default": {"cascade": "careful", "route": "fast"}}

    found = check_schema("policy.yaml", data, checker)

    first = RelatedAddress(
        address=Address("policy.yaml", ("default", "cascade")), message="the first effect", part=Part.KEY
    )
    assert found == (
        Finding(
            code="PE208",
            name="two-effects",
            severity=Severity.ERROR,
            message="a rule decides once: `route` stands beside `cascade`",
            address=Address("policy.yaml", ("default", "route")),
            part=Part.KEY,
            help="keep one of them, or write two rules with a `when` each",
            related=(first,),
        ),
    )


def test_no_message_shows_a_secret(checker: SchemaChecker) -> None:
    """Neither message nor help repeats what stands where a secret was written, whatever its type."""
    headers = {"authorization": "hush", "X-Api-Key": "hush", "x-token": 712}
    data = {"providers": {"p": {"kind": "openai", "api_key": "hush", "headers": headers}}}

    found = check_schema("policy.yaml", data, checker)

    assert [finding.code for finding in found] == ["PE211", "PE211", "PE211", "PE202"]
    assert not any("hush" in f"{f.message} {f.help}" or "712" in f"{f.message} {f.help}" for f in found)


def test_long_words_are_shortened(checker: SchemaChecker) -> None:
    """A message stays readable whatever the author wrote."""
    (finding,) = check_schema("policy.yaml", {"caches": {"c": {"kind": "x\n" * 50}}}, checker)

    assert finding.message == "unknown value `x x x x x x x x x x x x x x x x x x x x…` for `kind`"


def test_the_end_of_a_text_is_its_end(checker: SchemaChecker) -> None:
    """A line break behind a quantity is part of it, as the fast checker sees it."""
    (finding,) = check_schema("policy.yaml", {"caches": {"c": {"kind": "exact", "ttl": "7d\n"}}}, checker)

    assert (finding.code, finding.address.yaml_path) == ("PE206", "$.caches.c.ttl")


def test_policy_tests_are_worded_by_the_same_code() -> None:
    """The checker of another schema gives findings of the same kind."""
    data = {"cases": [{"name": "a", "request": {"input": "x", "messages": []}, "expect": {"effekt": "route"}}]}

    found = check_schema("a_test.yaml", data, SchemaChecker.named("policy_test"))

    assert [(f.code, f.address.yaml_path, f.message, f.help) for f in found] == [
        (
            "PE209",
            "$.cases[0].request",
            "`input` and `messages` exclude each other",
            "`input` is short for one user message; put it among `messages`",
        ),
        ("PE201", "$.cases[0].expect.effekt", "unknown key `effekt`", "did you mean `effect`?"),
    ]


def _told(finding: Finding) -> dict[str, str | None]:
    return {
        "code": f"{finding.code} {finding.name}",
        "place": finding.address.yaml_path,
        "part": finding.part.value,
        "message": finding.message,
        "help": finding.help,
    }


def _sections(manual: str) -> list[str]:
    """The text of a manual page before, between and after its headings `Avoid`, `Prefer` and `Why`."""
    for heading in ("Avoid:", "Prefer:", "Why:"):
        manual = manual.replace(f"\n{heading}\n", "\n\0", 1)
    return manual.split("\0")
