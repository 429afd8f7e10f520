"""`policy-engine import`: policies made from the configuration of another router."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from policy_engine.authoring.imported import Imported, refuse_present, write_files
from policy_engine.authoring.litellm.config import import_litellm
from policy_engine.authoring.vllm_sr.config import ImportedRouter, import_vllm_sr
from policy_engine.authoring.vllm_sr.probes import Probe, read_probes
from policy_engine.cli.console import CLEAN, FOUND, Console, Failure, with_console
from policy_engine.cli.opening import build_folder
from policy_engine.cli.options import format_option
from policy_engine.cli.probing import TESTS, ProbeCount, probe_tests, try_probes
from policy_engine.cli.render.imports import import_lines, probe_lines
from policy_engine.cli.render.machine import to_json
from policy_engine.cli.render.text import render_report, summary_line
from policy_engine.loader.foreign import read_foreign
from policy_engine.pipeline import BuildResult

F = TypeVar("F", bound=Callable[..., Any])
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_out = click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Write into DIR.")


@click.group()
def command() -> None:
    """
    Turn another router's configuration into policies.

    What has no counterpart here, or not quite the same, is listed and stands in IMPORTED.md of the new folder.
    """


@command.command("litellm")
@click.argument("file", type=_FILE)
@_out
@format_option("text", "json")
@with_console
def litellm(file: Path, out: Path, form: str, console: Console) -> None:
    """
    Turn the configuration of a LiteLLM proxy into policies.

    \b
    policy-engine import litellm config.yaml --out policies
    """
    made = _made(lambda: import_litellm(read_foreign(_text(file)), source=file.name), file)
    built = _written(made, out)
    console.end(_told([(file, out, made, built)], None, form, console))


@command.command("vllm-sr")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=_FILE)
@_out
@click.option(
    "--probes", type=_FILE, help="Requests whose decision is known: YAML or JSON Lines; else `probes.yaml` beside FILE."
)
@click.option("--embedder", help="Compare phrases by this embedder; else similarities have to be supplied.")
@format_option("text", "json")
@with_console
def vllm_sr(
    files: tuple[Path, ...], out: Path, probes: Path | None, embedder: str | None, form: str, console: Console
) -> None:
    """
    Turn configurations of the vLLM Semantic Router into policies, each into a folder of its own if there are several.

    Probes are decided by the new policies and compared with what their authors expect. They become tests of the new
    policies; those that wait for learned signals are marked `todo`.

    \b
    policy-engine import vllm-sr config.yaml --out policies
    """
    whole = None if probes is None else _made(lambda: read_probes(_text(probes)), probes)
    told, counts = [], []
    for file in files:
        name = file.parent.resolve().name if file.stem == "config" else file.stem
        router = _made(lambda: import_vllm_sr(read_foreign(_text(file)), source=file.name, embedder=embedder), file)  # noqa: B023  (called at once)
        asked = _probes_of(file, name, whole)
        folder = out / name if len(files) > 1 else out
        built = _written(router.bundle, folder, later=(TESTS,) if asked else ())
        told.append((file, folder, router.bundle, built))
        counts.append(_tested(router, asked, built, folder))
    console.end(_told(told, sum(counts, ProbeCount()), form, console))


def _tested(router: ImportedRouter, asked: Sequence[Probe], built: BuildResult, folder: Path) -> ProbeCount:
    """How the new policies decide the probes, which are written beside them as their tests."""
    if built.policy_set is None:
        return ProbeCount()
    tried, count = try_probes(router, asked, built.policy_set)
    _write(probe_tests(tried), folder)
    return count


def _probes_of(file: Path, name: str, whole: Sequence[Probe] | None) -> Sequence[Probe]:
    """The probes of one configuration: those that name it, or that stand beside it."""
    beside = file.parent / "probes.yaml"
    if whole is not None:
        return [probe for probe in whole if probe.recipe in (None, name)]
    return _made(lambda: read_probes(_text(beside)), beside) if beside.exists() else ()


T = TypeVar("T")


def _made(make: Callable[[], T], file: Path) -> T:
    try:
        return make()
    except ValueError as problem:
        raise Failure(f"`{file}` cannot be imported: {problem}") from None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise Failure(f"cannot read `{file}`: {problem.strerror}") from None


def _written(made: Imported, folder: Path, *, later: Sequence[str] = ()) -> BuildResult:
    """What the new folder builds to; `later` are names of files that are still to be written there."""
    _write(made.files, folder, later=later)
    return build_folder(folder, env=None)


def _write(files: Mapping[str, str], folder: Path, *, later: Sequence[str] = ()) -> None:
    try:
        refuse_present(later, folder)
        write_files(files, folder)
    except (ValueError, OSError) as problem:
        raise Failure(str(problem)) from None


def _told(
    told: Sequence[tuple[Path, Path, Imported, BuildResult]], probes: ProbeCount | None, form: str, console: Console
) -> int:
    """Tells what became of each file, and gives the exit code."""
    has_errors = any(built.report.errors for _, _, _, built in told)
    if form == "json":
        console.data(to_json(_as_data(told, probes), indent=2))
    else:
        for file, folder, made, built in told:
            console.data("\n".join(import_lines(file, folder, made)))
            if built.report.diagnostics:
                console.complain(render_report(built.report, style=console.err_style, width=console.width))
            console.data(f"  validated: {summary_line(built.report)}\n")
        if probes is not None and (probes.probes or probes.left_out):
            console.data("\n".join(probe_lines(probes)))
    return FOUND if has_errors or (probes is not None and probes.wrong) else CLEAN


def _as_data(told: Sequence[tuple[Path, Path, Imported, BuildResult]], probes: ProbeCount | None) -> dict[str, Any]:
    bundles = [
        {
            "file": str(file),
            "folder": str(folder),
            "rules": made.rules,
            "errors": len(built.report.errors),
            "warnings": len(built.report.warnings),
            "notes": [{"about": str(note.about), "place": note.place, "text": note.text} for note in made.notes],
        }
        for file, folder, made, built in told
    ]
    return {"imported": bundles, "probes": None if probes is None else probes.to_json()}
