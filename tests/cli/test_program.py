"""The program as people start it: in a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent.parent
COMMAND = (sys.executable, "-m", "policy_engine")


def environment(**more: str) -> dict[str, str]:
    """An environment in which this source is found, and output is as on any machine."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    return {**kept, "PYTHONPATH": str(TOP), "PYTHONIOENCODING": "utf-8", **more}


def start(*arguments: str, cwd: Path, **more: str) -> "subprocess.Popen[str]":
    """The program, started, with all its streams in hand."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [*COMMAND, *arguments], cwd=cwd, env=environment(**more), stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )


def run(*arguments: str, cwd: Path, stdin: str = "", **more: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a finished run."""
    process = start(*arguments, cwd=cwd, **more)
    out, err = process.communicate(stdin, timeout=60)
    return process.returncode, out, err


def loaded_by(arguments: Sequence[str], cwd: Path) -> set[str]:
    """The modules that a run has imported."""
    code = (
        "import sys; from policy_engine.cli import main; code = main(sys.argv[1:]); "
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=cwd, env=environment(), capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def test_help_lists_the_commands_and_imports_none(tmp_path: Path) -> None:
    """`--help` is quick: it loads click and the program, and nothing that a command needs."""
    code, out, _ = run("--help", cwd=tmp_path)
    loaded = loaded_by(["--help"], tmp_path)

    assert code == 0
    for name in ("init", "validate", "dry-run", "graph", "explain", "watch", "bench", "schema", "completion"):
        assert f"\n  {name} " in out
    assert {
        name for name in loaded if name.startswith("policy_engine.") and not name.startswith("policy_engine.cli")
    } <= {"policy_engine.diagnostics"}
    assert not {name for name in loaded if name.startswith("policy_engine.cli.commands.")}
    assert not {"yaml", "jsonschema", "re2", "simpleeval", "httpx", "asyncio"} & loaded


def test_a_misspelt_command_is_wrong_usage(tmp_path: Path) -> None:
    """The one that was probably meant is named."""
    code, out, err = run("vlaidate", cwd=tmp_path)

    assert (code, out) == (2, "")
    assert "no command `vlaidate`; did you mean `validate`?" in err


def test_the_version_is_printed(tmp_path: Path) -> None:
    """`--version` prints the name and a version."""
    code, out, _ = run("--version", cwd=tmp_path)

    assert code == 0
    assert out.startswith("policy-engine ")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("validate", "policies"), 0),
        (("dry-run", "policies", "--requests", "requests.jsonl"), 0),
        (("dry-run", "policies"), 2),
        (("validate",), 2),
        (("validate", "policies", "--format", "xml"), 2),
        (("validate", "nowhere"), 3),
        (("explain", "PE999"), 2),
    ],
)
def test_exit_codes(folder: Path, arguments: tuple[str, ...], code: int) -> None:
    """0 is clean, 2 wrong usage, 3 could not load; a traceback never is the answer."""
    ended, _, err = run(*arguments, cwd=folder)

    assert ended == code
    assert "Traceback" not in err


def test_data_and_talk_are_apart(folder: Path) -> None:
    """What is piped on is data only: one decision a line."""
    code, out, err = run(
        "dry-run", "policies", "--requests", "-", "--format", "jsonl", cwd=folder, stdin='{"id": "ü"}\n'
    )

    assert code == 0
    assert out.startswith('{"id": "ü", ')
    assert out.count("\n") == 1
    assert err.startswith("1 request: route 1; ")


def test_half_a_character_is_escaped_and_not_lost(folder: Path) -> None:
    """An id that UTF-8 cannot say is written as JSON can."""
    code, out, _ = run(
        "dry-run", "policies", "--requests", "-", "--format", "jsonl", cwd=folder, stdin='{"id": "\\ud83d"}\n'
    )

    assert code == 0
    assert out.startswith('{"id": "\\ud83d", ')


def test_a_reader_that_goes_away_ends_the_program_quietly(folder: Path) -> None:
    """As with `| head -1`: no traceback, and the exit code of a closed pipe."""
    (folder / "many.jsonl").write_text('{"task": "faq", "input": "hi"}\n' * 20_000)

    with start("dry-run", "policies", "--requests", "many.jsonl", "--format", "jsonl", cwd=folder) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()

    assert (process.returncode, err) == (141, "")


def test_an_interrupt_ends_a_watch_quietly(folder: Path) -> None:
    """Ctrl-C is how a watch ends: no traceback, exit code 130; what happened before is on standard output."""
    process = start("watch", "policies", cwd=folder)
    assert process.stdout is not None

    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)

    assert "  live  generation 1  " in first
    assert (process.returncode, err.strip()) == (130, "watching policies; Ctrl-C ends")


def test_a_watch_reports_reloads_and_findings(folder: Path) -> None:
    """A change goes live, an error does not and is shown, undoing it is told."""
    process = start("watch", "policies", "--format", "jsonl", "--quiet", cwd=folder)
    out = process.stdout
    assert out is not None
    policy = folder / "policies" / "policy.yaml"
    good = policy.read_text()

    live = out.readline()
    policy.write_text(good.replace("lte: 20", "lte: 30"))
    changed = out.readline()
    policy.write_text(good.replace("route: fast", "route: fsat"))
    refused = out.readline()
    policy.write_text(good.replace("lte: 20", "lte: 30"))
    back = out.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)

    assert '"event": "reload.succeeded"' in live
    assert '"generation": 2' in changed
    assert '"since_change_ms": ' in changed
    assert '"event": "reload.failed"' in refused
    assert '"code": "PE301"' in refused
    assert '"event": "reload.in_step"' in back


def test_a_watch_of_policies_with_errors_ends_with_three(folder: Path) -> None:
    """There must be something to begin with; the errors are shown."""
    (folder / "policies" / "policy.yaml").write_text("version: 1\nrules: []\n")

    code, out, err = run("watch", "policies", cwd=folder)

    assert (code, out) == (3, "")
    assert "error[PE" in err
    assert err.endswith("nothing to begin with\n")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo terminals")
def test_colour_is_for_terminals(folder: Path) -> None:
    """On a terminal errors are red, unless NO_COLOR or --no-color says otherwise; in a pipe they never are."""
    (folder / "policies" / "policy.yaml").write_text("version: 1\nrules: []\n")

    assert "\x1b[1;31merror[" in on_a_terminal("validate", "policies", cwd=folder)
    assert "\x1b[" not in on_a_terminal("validate", "policies", "--no-color", cwd=folder)
    assert "\x1b[" not in on_a_terminal("validate", "policies", cwd=folder, NO_COLOR="1")
    assert "\x1b[" not in run("validate", "policies", cwd=folder)[1]


def on_a_terminal(*arguments: str, cwd: Path, **more: str) -> str:
    """What the program writes to a terminal."""
    import pty

    ours, theirs = pty.openpty()
    more = {"TERM": "xterm-256color", **more}
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=cwd, env=environment(**more), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    written = b""
    try:
        while part := os.read(ours, 65536):
            written += part
    except OSError:  # Linux says so when the other end is closed
        pass
    finally:
        os.close(ours)
        process.wait(timeout=60)
    return written.decode()


@pytest.mark.parametrize(
    ("line", "offered"), [("policy-engine dry", "dry-run"), ("policy-engine explain unknown-ti", "unknown-tier")]
)
def test_a_shell_is_told_how_a_word_goes_on(tmp_path: Path, line: str, offered: str) -> None:
    """Commands and the names of diagnostics complete."""
    _, out, _ = run(
        cwd=tmp_path,
        _POLICY_ENGINE_COMPLETE="bash_complete",
        COMP_WORDS=line,
        COMP_CWORD=str(line.count(" ")),
    )

    assert out == f"plain,{offered}\n"
