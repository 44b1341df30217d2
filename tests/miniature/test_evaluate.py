"""Judges and measures, end to end at tiny size, and what is said when something does not fit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import matplotlib.image
import pytest
import torch
from typer.testing import CliRunner, Result

from course.cli import app
from course.miniature.evaluate import Request, _bench, _model, evaluate_model
from course.miniature.judge import Judge, JudgeError, Verdict, high_pass, load_judge, look, low_pass
from course.miniature.judge_pictures import Augmenter
from course.miniature.judge_training import JudgeSettings, train_judge
from course.miniature.measures import Amount, on_white
from course.miniature.pack import Pack, load_pack, write_pack
from course.miniature.pairs import _draw, find_pairs, write_pairs
from course.miniature.record import Record
from course.miniature.split import is_held_out

from .conftest import NAMES

CPU = torch.device("cpu")
SMALL = JudgeSettings(20, 16, widths=(8, 8, 8, 8))
LONGER = JudgeSettings(150, 24, 1e-2, widths=(8, 8, 16, 16))
LITTLE = Amount((1, 7), 1, 6, 6, 3, 2, 4, stride=330)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["miniature", *map(str, arguments)])


def one_line(result: Result) -> str:
    """The message of a run that failed as it should."""
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.strip().splitlines()
    return str(line)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory, pack: Pack) -> Path:
    path = tmp_path_factory.mktemp("pack") / "pictograms.zip"
    write_pack(pack, path)
    return path


@pytest.fixture(scope="module")
def judges(tmp_path_factory: pytest.TempPathFactory, packed: Path) -> Path:
    """Both judges, trained by the command."""
    out = tmp_path_factory.mktemp("judges")
    result = run(
        "judge", "--judges", out, "--pictograms", packed, "--device", "cpu", "--steps", 12,
        "--batch-size", 16, "--width", 0.125,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    return out


def test_a_pack_keeps_the_pictures(packed: Path, pack: Pack) -> None:
    """Names stay with their pictures; colours change by less than a hundredth and a half."""
    again = load_pack(packed)
    place = {(row["style"], row["name"]): number for number, row in enumerate(again.rows)}
    assert len(place) == len(pack.rows)
    for number, row in enumerate(pack.rows):
        found, wanted = again.rgba[place[row["style"], row["name"]]], pack.rgba[number]
        assert (found[3].int() - wanted[3].int()).abs().max() <= 4
        seen = wanted[3] > 0
        assert (found[:, seen].int() - wanted[:, seen].int()).abs().max() <= 4


def test_a_damaged_pack_is_named(packed: Path, tmp_path: Path, judges: Path) -> None:
    damaged = tmp_path / "pictograms.zip"
    damaged.write_bytes(packed.read_bytes()[:-200])
    line = one_line(run("judge", "--judges", tmp_path / "out", "--pictograms", damaged))
    assert "pictograms.zip is no whole set of pictograms" in line
    line = one_line(run("judge", "--judges", tmp_path / "out", "--pictograms", tmp_path / "none"))
    assert "has no pictograms: give their folder" in line


def test_the_split_keeps_twins_together() -> None:
    """The two styles of one drawing are held out together; some pairs are, most are not."""
    names = [f"thing {number}" for number in range(2000)]
    held = [name for name in names if is_held_out("3d", name)]
    assert held == [name for name in names if is_held_out("color", name)]
    assert held != [name for name in names if is_held_out("noto", name)]
    assert 40 <= len(held) <= 120


def test_a_judge_learns_and_survives_the_file(pack: Pack, tmp_path: Path) -> None:
    """It names what it was trained on, sharp or blurred, and the same after saving."""
    from course.miniature.judge import save_judge

    torch.manual_seed(0)
    judge, notes = train_judge(pack, "full", LONGER, tmp_path / "state", CPU)
    numbers = list(range(len(pack.names)))
    images = on_white(pack, numbers)
    assert look(judge, images).right(pack.names).float().mean() > 0.6
    assert look(judge, low_pass(images)).right(pack.names).float().mean() > 0.6
    save_judge(judge, tmp_path / "judge.safetensors", notes)
    again = load_judge(tmp_path / "judge.safetensors")
    torch.testing.assert_close(
        look(again, images).logits, look(judge, images).logits, atol=0.1, rtol=0.02
    )


def test_training_goes_on_from_a_checkpoint(pack: Pack, tmp_path: Path) -> None:
    """Fewer steps are left for a second run, and other settings are refused."""
    state, told = tmp_path / "state", list[str]()
    train_judge(pack, "near", SMALL, state, CPU)
    _, notes = train_judge(pack, "near", SMALL, state, CPU, told.append)
    assert len(told) == 1  # nothing was left to do
    assert notes["steps"] == "20"
    with pytest.raises(JudgeError, match="other settings or data"):
        train_judge(pack, "full", SMALL, state, CPU)
    state.write_bytes(b"no checkpoint")
    with pytest.raises(JudgeError, match="no checkpoint or damaged"):
        train_judge(pack, "near", SMALL, state, CPU)


def test_held_out_pictures_are_not_trained_on(pack: Pack) -> None:
    """No batch has one: with only them left, there is nothing to draw from."""
    data = Augmenter(pack, CPU)
    held = {n for n, row in enumerate(pack.rows) if is_held_out(row["style"], row["name"])}
    assert set(data.held_out.tolist()) == held
    assert set(data.trained.tolist()) == set(range(len(pack.names))) - held
    images, labels = data.batch(16)
    assert images.shape == (16, 3, 64, 64)
    assert images.abs().max() <= 1
    assert labels.max() < len(data.names)


def test_near_and_far_views_sum_up() -> None:
    """A near judge does not see colours of large areas."""
    images = torch.rand(2, 3, 64, 64)
    torch.testing.assert_close(low_pass(images) + high_pass(images), images)
    judge = Judge(("a", "b"), "near", (8, 8, 8, 8)).eval()
    plain = torch.ones(1, 3, 64, 64)
    torch.testing.assert_close(look(judge, plain).logits, look(judge, -plain).logits)


def test_a_verdict_chooses_among_names() -> None:
    """Among a set, names outside of it do not count."""
    verdict = Verdict(torch.tensor([[1.0, 3.0, 2.0], [5.0, 0.0, 1.0]]), ("cat", "dog", "owl"))
    assert verdict.right(["owl", "cat"]).tolist() == [False, True]
    assert verdict.right(["owl", "owl"], ["cat", "owl"]).tolist() == [True, False]
    chances = verdict.probability(["owl", "owl"], ["cat", "owl"])
    torch.testing.assert_close(chances, torch.tensor([0.7311, 0.0180]), atol=1e-4, rtol=0)


def test_all_measures_with_a_tiny_model(
    stage_directory: Path, judges: Path, packed: Path, tmp_path: Path
) -> None:
    """All that needs samples, in four steps: numbers, plot and nearest pictures."""
    figures, told = tmp_path / "figures", list[str]()
    measures = ("recognition", "generic", "all_names", "held_out", "anagrams", "hybrids", "copies")
    numbers = evaluate_model(
        Request(
            stage_directory, packed, judges, "cpu", only=measures, figures=figures, amount=LITTLE
        ),
        told.append,
    )
    assert set(numbers) == {"model", *measures}
    assert numbers["recognition"]["scales"] == [1, 7]
    assert all(0 <= share <= 100 for share in numbers["recognition"]["among_set"])
    assert numbers["held_out"]["pairs"] >= 1
    assert numbers["anagrams"]["any"] >= numbers["anagrams"]["first"]
    assert 0 < numbers["copies"]["generic"]["tenth"] <= numbers["copies"]["generic"]["median"] < 2
    assert len([line for line in told if line.startswith("| ")]) > len(measures)
    assert sorted(path.name for path in figures.iterdir()) == [
        "recognition_by_scale.png",
        "stage_1_copies.png",
    ]
    assert matplotlib.image.imread(figures / "stage_1_copies.png").std() > 0.05


def test_evaluate_records_models_side_by_side(
    stage_directory: Path, judges: Path, packed: Path, tmp_path: Path
) -> None:
    """The same again gives the same numbers; the page has a column a model, and is printed."""
    record = tmp_path / "record" / "miniature.json"
    for label in ("one", "other"):
        result = run(
            "evaluate", stage_directory, "--judges", judges, "--pictograms", packed, "--device",
            "cpu", "--quick", "--label", label, "--record", record, "--only", "held_out",
        )  # fmt: skip
        assert result.exit_code == 0, result.output
    models = json.loads(record.read_text())
    assert list(models) == ["one", "other"]
    assert models["one"] == models["other"]
    table = record.with_suffix(".md").read_text().split("\n\n")[-1]
    assert table.startswith("| measure | goal | one | other |")
    assert table in result.stdout


def test_bad_requests_say_what_to_do(
    stage_directory: Path, judges: Path, packed: Path, tmp_path: Path
) -> None:
    """No traceback, one line, exit 2, nothing written."""
    good = ["--judges", judges, "--pictograms", packed, "--device", "cpu"]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "is no IFPipeline" in one_line(run("evaluate", empty, *good))
    assert "no such measure; there are recognition" in one_line(
        run("evaluate", stage_directory, *good, "--only", "beauty")
    )
    assert "there are cpu and cuda" in one_line(run("evaluate", stage_directory, "--device", "tpu"))
    assert "no judge" in one_line(
        run("evaluate", stage_directory, "--pictograms", packed, "--judges", empty)
    )
    assert "no pictograms: give --pictograms" in one_line(run("evaluate", stage_directory))
    record = tmp_path / "record.json"
    record.write_text("[1]")
    line = one_line(run("evaluate", stage_directory, *good, "--record", record))
    assert "is no record of an evaluation" in line
    assert record.read_text() == "[1]"
    assert list(empty.iterdir()) == []


def test_a_damaged_judge_is_named(judges: Path, tmp_path: Path) -> None:
    path = tmp_path / "full.safetensors"
    path.write_bytes((judges / "full.safetensors").read_bytes()[:-10])
    with pytest.raises(JudgeError, match=r"full\.safetensors is no judge or is damaged"):
        load_judge(path)


def test_a_full_disk_keeps_the_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of before stay whole."""
    from course.miniature.errors import MiniatureError

    path = tmp_path / "record.json"
    record = Record(path, "a")
    record.add("held_out", {"pairs": 9, "top_1": 10.0, "real_top_1": 20.0})
    before = path.read_text()

    def full(self: Path, *_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(MiniatureError, match="No space left on device"):
        record.add("held_out", {"pairs": 9, "top_1": 30.0, "real_top_1": 20.0})
    assert path.read_text() == before
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.slow
def test_speed_is_measured_in_a_process_of_its_own(stage_directory: Path) -> None:
    from course.miniature.speed import measure_speed

    found = measure_speed(Path(shutil.copytree(stage_directory, stage_directory.parent / "copy")))
    assert found["seconds"]["loop"] > 0
    assert found["peak_mib"] > 100


def test_pairs_are_searched_and_drawn_as_the_gallery_does(
    stage_directory: Path, judges: Path, packed: Path, tmp_path: Path
) -> None:
    """Lists and sheets of both kinds; the best of a pair's seeds can be drawn again alone."""
    request = Request(stage_directory, packed, judges, "cpu", amount=LITTLE)
    bench = _bench(_model(request), request, lambda _line: None)
    found, pictures = find_pairs(bench, "hybrids", NAMES[:3], kept=2, tries=2)
    assert len(found) == 2
    assert found[0].score >= found[1].score
    again = _draw(bench, "hybrids", found[1].pair, [found[1].seed])
    torch.testing.assert_close(again[0], pictures[1], atol=1e-3, rtol=0)
    write_pairs(found, pictures, "hybrids", tmp_path)
    told = json.loads((tmp_path / "hybrids.json").read_text())
    assert [tuple(row["pair"]) for row in told] == [one.pair for one in found]
    assert matplotlib.image.imread(tmp_path / "hybrids.png").std() > 0.05
