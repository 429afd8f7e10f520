"""What CI systems are given runs as they would run it: the scripts of the GitHub actions, and the pre-commit hooks."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.e2e.github import ACTIONS, Finished, Runner
from tests.e2e.pages import TOP, blocks_of, copy_checkout

HOOKS = {hook["id"]: hook for hook in yaml.safe_load((TOP / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
WRONG = 'version: 1\nprovidres: {openai: {kind: openai, api_key: "${KEY}"}}\ndefault: {route: fast}\n'
FAILING = "cases:\n  - name: hello\n    request: {input: Hello}\n    expect: {effect: respond}\n"
UNPROVEN = """\
version: 1
tasks: [faq]
providers: {openai: {kind: openai, api_key: "${KEY}"}}
models: {mini: {provider: openai, model: gpt-4o-mini, price: {input: 1, output: 2}}}
tiers: [{name: fast, models: [mini]}]
rules: [{name: faq, when: {task: faq}, then: {respond: {text: "Hello!"}}}]
default: {route: fast}
"""
REQUESTS = "examples/requests.jsonl"
MARK = "<!-- policy-engine diff policies -->\n"


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A checkout with good policies, `policies`, and bad ones, `wrong`."""
    copy_checkout(tmp_path)
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / "policy.yaml").write_text(WRONG, encoding="utf-8")
    return Runner.at(tmp_path)


@pytest.fixture
def changed(runner: Runner) -> Runner:
    """The same under git, where a pull request takes a model out of a tier."""
    for command in (["init", "-q"], ["add", "policies", "examples"], ["commit", "-q", "-m", "as it was"]):
        git(runner.folder, *command)
    edit(runner.folder / "policies" / "models.yaml", "models: [mini, haiku, mini_eu]", "models: [haiku, mini_eu]")
    return runner


def git(folder: Path, *arguments: str) -> str:
    """What git prints, in a folder."""
    who = ["-c", "user.name=n", "-c", "user.email=e@example.com"]
    command = ["git", *who, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, encoding="utf-8").stdout.strip()


def edit(file: Path, old: str, new: str) -> None:
    """Replaces a text that is in a file."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def validate(runner: Runner, **inputs: str) -> Finished:
    """The validating step."""
    return runner.step("validate", "validate", inputs)


def run_tests(runner: Runner, **inputs: str) -> Finished:
    """The testing step."""
    return runner.step("test", "test", {name.replace("_", "-"): value for name, value in inputs.items()})


def compare(runner: Runner, base: str = "HEAD", **inputs: str) -> Finished:
    """The comparing step, in a pull request onto a revision."""
    context = {"github.event.pull_request.base.sha": base}
    return runner.step("diff", "compare", {name.replace("_", "-"): value for name, value in inputs.items()}, context)


def comment(runner: Runner, page: str, token: str = "writes") -> Finished:
    """The commenting step, for a page that was written."""
    context = {"steps.compare.outputs.page": page, "github.event.pull_request.number": "7", "github.token": token}
    return runner.step("diff", "comment", {}, context)


def test_good_policies_pass(runner: Runner) -> None:
    """By default the folder `policies` is checked, and nothing is marked."""
    finished = validate(runner)

    assert (finished.code, finished.stdout) == (0, "")


def test_mistakes_are_marked(runner: Runner) -> None:
    """Of several folders each is checked; a mistake fails the job and is an annotation at its line."""
    finished = validate(runner, folders="policies wrong")

    assert finished.code == 1
    assert finished.stdout.startswith("::error file=wrong/policy.yaml,line=2,col=1,")


def test_an_environment_is_checked(runner: Runner) -> None:
    """Overlays apply where an environment is named, in every action."""
    git(runner.folder, "init", "-q")
    git(runner.folder, "add", "policies")
    git(runner.folder, "commit", "-q", "-m", "policies")

    codes = [validate(runner, env="staging").code, run_tests(runner, env="staging").code]
    compared = compare(runner, env="staging")

    assert codes == [0, 0]
    assert (compared.code, compared.summary) == (0, "### Policies: no differences\n")


@pytest.mark.parametrize("action", ["validate", "test"])
def test_inputs_are_never_run(action: str, runner: Runner) -> None:
    """What looks like a command in an input is a name of a folder that is not there."""
    finished = runner.step(action, action, {"folders": "$(touch pwned);touch pwned"})

    assert finished.code == 3
    assert not (runner.folder / "pwned").exists()


def test_policies_that_pass_their_tests_pass(runner: Runner) -> None:
    """The log counts the tests, nothing is marked, and the wanted coverage is there."""
    finished = run_tests(runner, min_coverage="90")

    assert (finished.code, finished.stdout) == (0, "")
    assert finished.stderr.endswith(" tests passed, 0 failed\n")


def test_failing_tests_are_marked(runner: Runner) -> None:
    """A test that fails is an annotation at its line, and the other folders are tested all the same."""
    (runner.folder / "policies" / "failing_test.yaml").write_text(FAILING, encoding="utf-8")

    finished = run_tests(runner, folders="policies nowhere policies")

    marked = [line.partition(",col=")[0] for line in finished.stdout.splitlines()]
    assert marked == ["::error file=policies/failing_test.yaml,line=2"] * 2
    assert finished.code == 3


def test_too_little_coverage_is_marked(runner: Runner) -> None:
    """A share that is not reached has no line, but an annotation."""
    (runner.folder / "policies" / "shortcuts_test.yaml").unlink()

    finished = run_tests(runner, min_coverage="99.5")

    assert finished.code == 1
    assert finished.stdout.startswith("::error title=tests of policies::coverage is ")
    assert finished.stdout.endswith(" %25, below 99.5 %25\n")


def test_unnoticed_changes_are_marked(runner: Runner) -> None:
    """Where the tests are to notice every change, what they notice is said."""
    (runner.folder / "shop").mkdir()
    (runner.folder / "shop" / "policy.yaml").write_text(UNPROVEN, encoding="utf-8")

    finished = run_tests(runner, folders="shop", min_mutation="100")

    assert finished.code == 1
    assert finished.stdout == "::error title=tests of shop::the tests notice 0.0 %25 of the changes, below 100 %25\n"


def test_a_pull_request_is_told_what_it_changes(changed: Runner) -> None:
    """The comparison is in the job's summary, and becomes a comment that bears a mark."""
    compared = compare(changed, requests=REQUESTS)
    commented = comment(changed, compared.outputs["page"])

    assert (compared.code, commented.code, commented.stdout) == (0, 0, "")
    assert compared.summary.startswith("### Policies: ")
    assert "**Declarations:** tiers `fast` changed\n" in compared.summary
    assert [one["body"] for one in changed.comments] == [MARK + compared.summary]


def test_one_comment_is_kept_up_to_date(changed: Runner) -> None:
    """A second push changes the comment of the first; what a person wrote stays, whatever it begins with."""
    person = {"id": 1, "user": {"type": "User"}, "body": f"{MARK}Mine."}
    changed.keep_comments([person, {"id": 2, "user": {"type": "Bot"}, "body": f"{MARK}Old."}])
    page = compare(changed).outputs["page"]

    comment(changed, page)

    mine, kept = changed.comments
    assert mine == person
    assert (kept["id"], kept["body"]) == (2, MARK + Path(page).read_text(encoding="utf-8"))


def test_a_token_that_only_reads_is_told(changed: Runner) -> None:
    """A pull request from a fork gets no comment, a warning that says why, and no failure."""
    commented = comment(changed, compare(changed).outputs["page"], token="reads only")

    assert (commented.code, changed.comments) == (0, [])
    assert commented.stdout.startswith("::warning title=policy-engine diff::No comment could be written: ")


def test_what_moves_too_much_fails_and_is_told(changed: Runner) -> None:
    """The step ends with 1 and hands its page on to the comment."""
    compared = compare(changed, requests=REQUESTS, fail_above_moved="1%", fail_above_cost="$1000")

    assert compared.code == 1
    assert "of requests are decided differently, more than 1.0%" in compared.stderr
    assert Path(compared.outputs["page"]).read_text(encoding="utf-8") == compared.summary


def test_a_shallow_checkout_is_enough(changed: Runner, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the pull request would be merged into is fetched if it is not there, and nothing else of the past."""
    git(changed.folder, "commit", "-q", "-a", "-m", "as it is to be")
    base = git(changed.folder, "rev-parse", "HEAD~1")
    shallow = tmp_path_factory.mktemp("shallow") / "shop"
    git(changed.folder, "clone", "-q", "--depth", "1", f"file://{changed.folder}", str(shallow))

    compared = compare(Runner.at(shallow), base)

    assert compared.code == 0
    assert compared.summary.startswith("### Policies: ")
    assert "**Declarations:** tiers `fast` changed\n" in compared.summary


def test_policies_that_were_not_there_are_new(changed: Runner) -> None:
    """A pull request that adds a folder of policies has nothing to compare with, and says so."""
    (changed.folder / "more").mkdir()

    compared = compare(changed, folder="more", requests=REQUESTS)

    assert (compared.code, compared.summary) == (0, "### Policies: all of `more` is new\n")


def test_policies_that_cannot_be_loaded_have_no_comment(changed: Runner) -> None:
    """Comparing ends with 3 and says why; there is nothing to write."""
    edit(changed.folder / "policies" / "models.yaml", "version: 1", "version: 9")

    compared = compare(changed)
    commented = comment(changed, compared.outputs["page"])

    assert (compared.code, compared.summary, commented.code, changed.comments) == (3, "", 0, [])


def test_without_a_base_there_is_nothing_to_compare_with(changed: Runner) -> None:
    """Where no pull request is, the input has to name a revision."""
    compared = compare(changed, "")

    assert compared.code != 0
    assert "name the revision to compare with, as input `base`" in compared.stderr


def test_every_action_is_described() -> None:
    """An input says what it is, has a default, and never gets into a script as text."""
    inputs = [one for action in ACTIONS.values() for one in action["inputs"].values()]
    scripts = [step["run"] for action in ACTIONS.values() for step in action["runs"]["steps"]]

    assert sorted(ACTIONS) == ["diff", "test", "validate"]
    assert all(one["description"].endswith(".") and isinstance(one["default"], str) for one in inputs)
    assert [script for script in scripts if "${{" in script] == []


@pytest.mark.parametrize("name", ["validate-policies", "test-policies"])
def test_a_hook_runs(name: str, runner: Runner) -> None:
    """A hook's command passes good policies and fails on bad ones."""
    hook = HOOKS[name]

    passed = runner.run(shlex.join([*shlex.split(hook["entry"]), *hook["args"]]), {})
    failed = runner.run(shlex.join([*shlex.split(hook["entry"]), "wrong"]), {})

    assert passed.returncode == 0
    assert failed.returncode != 0


def test_the_page_about_ci_gives_inputs_that_there_are() -> None:
    """A step shown there names an action that is here with inputs that it has; its tables have all of them."""
    page = TOP / "docs" / "ci.md"
    shown = [yaml.safe_load(block.text) for block in blocks_of(page) if block.detail == "a workflow"]
    steps = [step for workflow in shown for job in workflow["jobs"].values() for step in job["steps"]]
    used = {one["uses"].split("/")[-1].partition("@")[0]: one["with"] for one in steps if "/.github/" in one["uses"]}
    rows = set(re.findall(r"^\| `([a-z-]+)` \|", page.read_text(encoding="utf-8"), re.MULTILINE))

    assert used.keys() == ACTIONS.keys()
    assert [name for name, given in used.items() if not given.keys() <= ACTIONS[name]["inputs"].keys()] == []
    assert {name for action in ACTIONS.values() for name in action["inputs"]} - rows == set()
