"""A whole bundle validated: places and help of findings, what is missing but not lost, and what is taken over."""

from datetime import date
from pathlib import Path

import pytest

from policy_engine.diagnostics import Diagnostic, Position, Related, Severity, Span
from policy_engine.loader.bundle import Bundle, load
from policy_engine.validator.validate import Validation, validate

TODAY = date(2026, 11, 24)
MODELS = """\
version: 1
tasks: [chat, code]
attributes:
  plan: {type: string, enum: [free, pro]}
providers:
  openai: {kind: openai}
models:
  mini: {provider: openai, model: gpt-4o-mini}
tiers:
  - {name: workhorse, models: [mini]}
"""
CHAT = """\
rules:
  - name: chat
    when: {task: chat}
    then: {route: workhrose}
default: {route: workhorse}
"""


def bundle_of(folder: Path, files: dict[str, str], *, env: str | None = None, previous: Bundle | None = None) -> Bundle:
    """The bundle of a folder filled with these files, shown to people as `policies`."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return load(folder, env, previous=previous, display_root="policies")


def codes(validation: Validation) -> list[str]:
    """The codes of all findings, sorted."""
    return sorted(finding.code for finding in validation.findings)


def test_an_unknown_tier_is_told_at_its_place_with_what_was_meant(tmp_path: Path) -> None:
    """The finding points at the name, suggests the one that was meant and says where tiers are declared."""
    bundle = bundle_of(tmp_path, {"models.yaml": MODELS, "chat.yaml": CHAT})

    diagnostics = bundle.place_all(validate(bundle, today=TODAY).findings)

    assert diagnostics == (
        Diagnostic(
            code="PE301",
            name="unknown-tier",
            severity=Severity.ERROR,
            message="unknown tier `workhrose`",
            span=Span("policies/chat.yaml", Position(4, 19), Position(4, 28)),
            yaml_path="$.rules[0].then.route",
            help="did you mean `workhorse`?",
            related=(
                Related(
                    span=Span("policies/models.yaml", Position(9, 1), Position(9, 6)),
                    message="tiers are declared here",
                ),
            ),
        ),
    )


def test_a_policy_is_read_even_if_something_is_wrong_with_it(tmp_path: Path) -> None:
    """Findings keep nothing from being read; whoever builds decides what they mean."""
    bundle = bundle_of(tmp_path, {"models.yaml": MODELS, "chat.yaml": CHAT})

    policy = validate(bundle, today=TODAY).policy

    assert policy is not None
    assert [rule.name for rule in policy.rules] == ["chat"]
    assert policy.revision == bundle.revision


def test_no_policy_is_read_from_a_folder_without_readable_files(tmp_path: Path) -> None:
    """If no file is YAML there is no policy, and nothing is called missing."""
    bundle = bundle_of(tmp_path, {"a.yaml": "rules: [\n"})

    validation = validate(bundle, today=TODAY)

    assert validation.policy is None
    assert validation.findings == ()


def test_a_broken_file_does_not_make_its_names_unknown(tmp_path: Path) -> None:
    """What a file that is no YAML seems to declare is not called unknown; a name that it does not mention is."""
    broken = MODELS.replace("openai: {", "openai: [")
    rules = CHAT.replace("workhrose", "workhorse") + "tasks_of_no_use: 1\n"
    more = "rules: [{name: other, when: {task: chat}, then: {route: [mini, mango]}}]\n"
    bundle = bundle_of(tmp_path, {"models.yaml": broken, "chat.yaml": rules, "more.yaml": more})

    found = [finding.message for finding in validate(bundle, today=TODAY).findings if finding.code.startswith("PE3")]

    assert found == ["unknown tier `mango`"]


@pytest.mark.parametrize(
    "lost",
    ["  big: {provider: openai, model: gpt-4o, context: ~}", "  mini: {provider: openai, model: gpt-4o}", "  big: ~"],
    ids=["a null in an entry", "an entry written twice", "an entry that is null"],
)
def test_a_lost_entry_does_not_hide_unknown_names(tmp_path: Path, lost: str) -> None:
    """Where only one entry could not be read, other names that nothing declares are told, even in the same file."""
    models = MODELS.replace("tiers:\n", f"{lost}\ntiers:\n").replace("models: [mini]", "models: [mango, big]")
    models = models if "big:" in lost else models.replace(", big", "")
    bundle = bundle_of(tmp_path, {"models.yaml": models, "chat.yaml": CHAT.replace("workhrose", "workhorse")})

    found = [finding.message for finding in validate(bundle, today=TODAY).findings]

    assert found == ["unknown model `mango`"]


@pytest.mark.parametrize(
    "lost",
    [
        'when: {message: {matches: "\\border"}}, then: {route: workhorse}',
        "when: {message: {chars: {gt: .nan}}}, then: {route: workhorse}",
        "when: {task: *chat}, then: {route: workhorse}",
        "when: {task: chat}, then: ~",
        "when: {task: chat}, then: {respond: {text: {{hello}}}}",
        "when: {task: chat}, then: {<<: {route: workhorse}}",
        "when: {task: chat}, then: {deny: {status: 403}}, on_unknown: ~",
        "when: {message: {matches: !r '(?P<id>x)'}}, then: {respond: {template: id.txt}}",
    ],
    ids=["regex", "number", "alias", "effect", "braces", "merge", "on_unknown", "placeholder"],
)
def test_a_value_that_could_not_be_read_is_told_once(tmp_path: Path, lost: str) -> None:
    """What the loader has told of is not called missing, empty, a mapping or unset as well."""
    files = {"models.yaml": MODELS, "chat.yaml": f"rules: [{{name: r, {lost}}}]\ndefault: {{route: workhorse}}\n"}
    (tmp_path / "id.txt").write_text("${id}")
    bundle = bundle_of(tmp_path, files)

    assert len(bundle.diagnostics) == 1
    assert validate(bundle, today=TODAY).findings == ()


def test_a_file_that_is_cut_off_makes_no_name_unknown(tmp_path: Path) -> None:
    """A file that is no YAML and ends within a line may have declared anything behind that."""
    bundle = bundle_of(tmp_path, {"models.yaml": MODELS[: MODELS.index("openai: {") + 9], "chat.yaml": CHAT})

    assert codes(validate(bundle, today=TODAY)) == []


def test_a_commented_item_of_a_broken_file_is_a_name(tmp_path: Path) -> None:
    """A task behind a dash is known even if a comment follows it and the file is no YAML."""
    broken = "tasks:\n  - poem   # in verse\n  - chat\nzone: [\n"
    rules = "rules: [{name: r, when: {task: poem}, then: {route: workhorse}}]\ndefault: {route: workhorse}\n"
    models = MODELS.replace("tasks: [chat, code]\n", "")
    bundle = bundle_of(tmp_path, {"models.yaml": models, "tasks.yaml": broken, "rules.yaml": rules})

    assert codes(validate(bundle, today=TODAY)) == []


def test_a_malformed_entry_does_not_make_its_name_unknown(tmp_path: Path) -> None:
    """An entry with a mistake in its form is told once; who refers to it by name is not told as well."""
    models = MODELS.replace("{provider: openai, model: gpt-4o-mini}", "{provider: openai, price: 5}")
    bundle = bundle_of(tmp_path, {"models.yaml": models, "chat.yaml": CHAT.replace("workhrose", "mini")})

    assert all(code.startswith("PE2") for code in codes(validate(bundle, today=TODAY)))


def test_a_malformed_default_is_not_called_missing(tmp_path: Path) -> None:
    """A `default` that could not be read is told for its form only."""
    bundle = bundle_of(tmp_path, {"models.yaml": MODELS, "chat.yaml": "default: {tags: [a]}\n"})

    assert all(code.startswith("PE2") for code in codes(validate(bundle, today=TODAY)))


def test_a_malformed_on_unknown_is_not_called_missing(tmp_path: Path) -> None:
    """A rule that denies and misspells what to do on unknown is told so once."""
    rule = "rules: [{name: a, when: {task: chat}, on_unknown: mach, then: {deny: {message: x}}}]\n"
    bundle = bundle_of(tmp_path, {"m.yaml": MODELS, "a.yaml": rule + "default: {route: workhorse}\n"})

    assert len(validate(bundle, today=TODAY).findings) == 1


def test_nothing_is_called_unknown_if_a_file_could_not_be_opened(tmp_path: Path) -> None:
    """Where a file's text is not known at all, any name may be declared in it."""
    bundle = bundle_of(tmp_path, {"chat.yaml": CHAT})
    (tmp_path / "models.yaml").symlink_to(tmp_path / "nowhere")
    bundle = bundle_of(tmp_path, {})

    assert validate(bundle, today=TODAY).findings == ()


def test_a_mistake_in_a_files_own_when_is_told_once(tmp_path: Path) -> None:
    """A file's `when` belongs to each of its rules, but is written once."""
    rules = "when: {task: chatt}\nrules: [{name: a, then: {route: mini}}, {name: b, then: {route: mini}}]\n"
    bundle = bundle_of(tmp_path, {"m.yaml": MODELS, "a.yaml": rules + "default: {route: mini}\n"})

    assert [finding.message for finding in validate(bundle, today=TODAY).findings] == ["unknown task `chatt`"]


def test_what_is_not_written_again_is_not_read_again(tmp_path: Path) -> None:
    """Rules that did not change are the same objects, in edited files too; so are the declarations."""
    good = CHAT.replace("workhrose", "workhorse")
    more = "rules:\n  - {name: b, when: {task: code}, then: {route: mini}}\n  - {name: c, then: {route: mini}}\n"
    first = bundle_of(tmp_path, {"m.yaml": MODELS, "chat.yaml": good, "more.yaml": more})
    before = validate(first, today=TODAY)
    second = bundle_of(tmp_path, {"more.yaml": more.replace("{name: c, then", "{name: c, priority: 0, then")})

    after = validate(second, today=TODAY, previous=before)

    assert before.policy is not None
    assert after.policy is not None
    assert after.policy.declarations is before.policy.declarations
    kept = [old is new for old, new in zip(before.policy.rules, after.policy.rules, strict=True)]
    assert [(rule.name, same) for rule, same in zip(after.policy.rules, kept, strict=True)] == [
        ("chat", True),
        ("b", True),
        ("c", False),
    ]


@pytest.mark.parametrize(
    "files",
    [
        {"m.yaml": MODELS.replace("name: workhorse", "name: workhrose")},
        {"m.yaml": MODELS.replace("tasks: [chat, code]", "tasks: [code]")},
        {"chat.yaml": CHAT.replace("task: chat", "task: chatty")},
        {"other.yaml": "default: {route: mini}\n"},
        {"m.yaml": MODELS.replace("openai: {", "openai: [")},
        {"overlays/prod/m.yaml": "tiers: [{name: workhrose, models: [mini]}]\n"},
    ],
    ids=["a tier", "a task", "a rule", "a default", "a broken file", "an overlay"],
)
def test_validating_after_another_bundle_finds_what_validating_afresh_does(
    files: dict[str, str], tmp_path: Path
) -> None:
    """What is taken over from an earlier validation changes no finding."""
    first = bundle_of(tmp_path, {"m.yaml": MODELS, "chat.yaml": CHAT}, env="prod")
    before = validate(first, today=TODAY)
    second = bundle_of(tmp_path, files, env="prod", previous=first)

    after = validate(second, today=TODAY, previous=before)

    assert set(after.findings) == set(validate(second, today=TODAY).findings)


def test_another_day_is_another_answer(tmp_path: Path) -> None:
    """A rule's expiry is held against the day of this validation, not of the one that is taken over."""
    rule = 'rules: [{name: a, expires: "2027-06-30", then: {route: mini}}]\n'
    bundle = bundle_of(tmp_path, {"m.yaml": MODELS, "a.yaml": rule + "default: {route: mini}\n"})
    before = validate(bundle, today=TODAY)

    after = validate(bundle, today=date(2027, 7, 1), previous=before)

    assert before.findings == ()
    assert [finding.message for finding in after.findings] == [
        "rule `a` expired on 2027-06-30, and stays in force until it is removed"
    ]


def test_an_overlay_replaces_a_rule_in_its_place_and_under_its_files_when(tmp_path: Path) -> None:
    """A rule from an overlay is tried where the one it replaces was, and only where that one's file applies."""
    base = "when: {task: chat}\nrules:\n  - {name: a, then: {route: mini}}\n  - {name: b, then: {route: mini}}\n"
    overlay = "rules:\n  - {name: a, then: {route: workhorse}}\n  - {name: z, priority: 5, then: {route: mini}}\n"
    files = {"m.yaml": MODELS, "a.yaml": base + "default: {route: mini}\n", "overlays/prod/x.yaml": overlay}
    bundle = bundle_of(tmp_path, files, env="prod")

    validation = validate(bundle, today=TODAY)

    assert validation.findings == ()
    assert validation.policy is not None
    rules = [(rule.name, rule.address.path, rule.when is not None) for rule in validation.policy.rules]
    assert rules == [
        ("z", "overlays/prod/x.yaml", False),
        ("a", "overlays/prod/x.yaml", True),
        ("b", "a.yaml", True),
    ]
