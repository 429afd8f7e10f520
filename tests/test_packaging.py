"""What is built for users holds everything and runs from where it is installed, without this folder or a network."""

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent

pytestmark = pytest.mark.xdist_group("packaging")  # one worker builds, once


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A wheel and the folder that it was installed into."""

    wheel: Path
    folder: Path

    def run(self, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """The finished run of `command` with the installed package before all others."""
        return _run(*command, cwd=cwd, env={**os.environ, "PYTHONPATH": str(self.folder)})

    def python(self, program: str, *, cwd: Path) -> str:
        """What `program` prints when run with the installed package."""
        return self.run(sys.executable, "-c", program, cwd=cwd).stdout.strip()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The package, built and installed aside."""
    dist = tmp_path_factory.mktemp("dist")
    folder = tmp_path_factory.mktemp("site")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dist), cwd=TOP)
    (wheel,) = dist.glob("*.whl")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    _run(*pip, "--no-deps", "--no-index", "--target", str(folder), str(wheel), cwd=dist)
    return Installed(wheel=wheel, folder=folder)


def test_the_wheel_holds_the_package_the_schemas_and_nothing_else(installed: Installed) -> None:
    """Every file under `policy_engine` and `schemas` is in the wheel: code, types marker, starters, schemas."""
    with zipfile.ZipFile(installed.wheel) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}

    package = {f"policy_engine/{name}" for name in _files(TOP / "policy_engine")}
    schemas = {f"policy_engine/schemas/{name}" for name in _files(TOP / "schemas")}
    assert held == package | schemas
    assert {"policy_engine/py.typed", "policy_engine/schemas/policy.v1.json"} <= held


def test_schemas_are_read_from_where_it_is_installed(installed: Installed, tmp_path: Path) -> None:
    """`read_schema` finds a schema without the source folder."""
    program = (
        "import policy_engine\n"
        "from policy_engine.model.schemas import read_schema\n"
        "assert read_schema('policy.v1')\n"
        "print(policy_engine.__file__)"
    )

    assert installed.python(program, cwd=tmp_path) == str(installed.folder / "policy_engine" / "__init__.py")


def test_the_version_is_that_of_the_distribution(installed: Installed, tmp_path: Path) -> None:
    """`policy_engine.__version__` and `policy-engine --version` say what was built."""
    version = installed.wheel.name.split("-")[1]

    assert installed.python("import policy_engine; print(policy_engine.__version__)", cwd=tmp_path) == version
    script = installed.folder / "bin" / "policy-engine"
    assert version in installed.run(str(script), "--version", cwd=tmp_path).stdout


def test_a_starter_bundle_can_be_made_and_validates(installed: Installed, tmp_path: Path) -> None:
    """`init` finds its starter files in the installed package, and what it writes has no errors."""
    installed.run(sys.executable, "-m", "policy_engine", "init", "started", cwd=tmp_path)

    assert list((tmp_path / "started").rglob("*.yaml")) != []
    installed.run(sys.executable, "-m", "policy_engine", "validate", "started", cwd=tmp_path)


def test_the_source_distribution_builds_the_same_wheel(installed: Installed, tmp_path: Path) -> None:
    """What the source distribution holds is enough to build the package from."""
    _run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path), cwd=TOP)
    (sdist,) = tmp_path.glob("*.tar.gz")
    _run("tar", "-xzf", str(sdist), cwd=tmp_path)
    source = tmp_path / sdist.name.removesuffix(".tar.gz")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path), cwd=source)

    (again,) = tmp_path.glob("*.whl")
    assert again.name == installed.wheel.name
    assert again.read_bytes() == installed.wheel.read_bytes()


def _files(folder: Path) -> set[str]:
    found = (file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    return {file.as_posix() for file in found if "__pycache__" not in file.parts}


def _run(*command: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    run = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"{' '.join(command)}\n{run.stdout}{run.stderr}"
    return run
