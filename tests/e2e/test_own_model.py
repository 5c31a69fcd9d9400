"""A model of one's own: a library moves to it and back, and loses nothing that a person wrote."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from captioner.describe.drawings import DRAWINGS, drawings
from captioner.describe.model_folder import read_weights, shipped_model, write_part
from tests.e2e.conftest import Run

ONE_THREAD = ("--engine", "onnx", "--threads", "1", "--workers", "0")
SHOWN = 3


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """The shipped model after some more training, so to speak."""
    folder = Path(shutil.copytree(shipped_model(), tmp_path / "usb" / "mine"))
    random = np.random.default_rng(1)
    weights = {}
    for name, weight in read_weights(folder).items():
        if name.startswith(("embedding.", "decoder.")):
            weights[name] = weight
            if weight.dtype.kind == "f":
                single = weight.astype(np.float32)
                noise = random.normal(0, 0.02 * float(single.std()), weight.shape)
                weights[name] = (single + noise).astype(np.float32)
    write_part(folder, weights, {"name": "mine"})
    return folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, pixels in enumerate(drawings(224)[:SHOWN]):
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


def test_a_library_moves_to_a_model_and_back(
    run: Run, tmp_path: Path, mine: Path, photos: Path
) -> None:
    db = tmp_path / "usb" / "library.db"
    assert run("index", photos, *ONE_THREAD, db=db).returncode == 0
    run("edit", photos / "0.png", "where we camped", db=db)
    sunset = list(DRAWINGS)[1]

    # Asked with another model: vectors aren't compared, words are, and a line says what to do.
    asked = run("find", "--json", "--model", mine, "camped", db=db)
    assert [photo["caption"] for photo in json.loads(asked.stdout)] == ["where we camped"]
    assert f"{SHOWN} photos can be found by words only" in asked.stderr
    assert f"photosearch index --model {mine} --upgrade" in asked.stderr
    assert "words only" not in run("find", sunset, db=db).stderr  # a search remembers nothing

    # The folder is typed relative, and remembered whole.
    moved = run("index", "--upgrade", "--model", "mine", *ONE_THREAD, db=db, cwd=mine.parent)
    assert moved.returncode == 0
    assert f"{SHOWN} photos captioned" in moved.stdout
    assert "captions that you wrote stay" in moved.stderr
    stats = json.loads(run("stats", "--json", db=db).stdout)
    assert (stats["models"], stats["model_folder"]) == ({"mine": SHOWN}, str(mine))
    found = run("find", "--json", "-n", "1", sunset, db=db)
    assert [Path(photo["path"]).name for photo in json.loads(found.stdout)] == ["1.png"]
    assert "words only" not in found.stderr
    (kept,) = json.loads(run("find", "--json", "-n", "1", "camped", db=db).stdout)
    assert kept["caption"] == "where we camped"
    again = run("index", "--upgrade", *ONE_THREAD, db=db)
    assert f"nothing new, {SHOWN} unchanged" in again.stdout

    # Library and model move together; then the model is lost.
    (tmp_path / "usb").rename(tmp_path / "usb2")
    db = tmp_path / "usb2" / "library.db"
    sound = run("doctor", db=db)
    assert (sound.returncode, sound.stdout) == (0, f"healthy: {SHOWN} photos\n")
    assert "the model mine is sound" in sound.stderr
    (tmp_path / "usb2" / "mine").rename(tmp_path / "lost")
    lost = run("find", "camped", db=db)
    assert lost.returncode == 0 and "where we camped" in lost.stdout
    assert "words alone rank" in lost.stderr and "--model FOLDER" in lost.stderr
    for command in ("index", "doctor"):
        done = run(command, db=db)
        assert done.returncode == 3 and len(done.stderr.splitlines()) == 1
    assert "nothing new" in run("index", "--model", tmp_path / "lost", *ONE_THREAD, db=db).stdout

    # And back.
    back = run("index", "--upgrade", "--model", "shipped", *ONE_THREAD, db=db)
    assert f"{SHOWN} photos captioned" in back.stdout
    assert "model_folder" not in json.loads(run("stats", "--json", db=db).stdout)
    (kept,) = json.loads(run("find", "--json", "-n", "1", "camped", db=db).stdout)
    assert kept["caption"] == "where we camped"


def test_a_switch_without_an_upgrade_says_what_will_happen(
    run: Run, tmp_path: Path, mine: Path, photos: Path
) -> None:
    db = tmp_path / "library.db"
    run("index", photos, *ONE_THREAD, db=db)
    Image.fromarray(drawings(224)[SHOWN]).save(photos / "new.png")
    done = run("index", "--model", mine, *ONE_THREAD, db=db)
    assert done.returncode == 0 and "1 photo captioned" in done.stdout
    before, after = (line for line in done.stderr.splitlines() if "another model" in line)
    assert f"{SHOWN} photos that another model described" in before
    assert "by words only" in before and str(mine) in before
    assert f"another model described {SHOWN} photos" in after
    assert f"photosearch index --model {mine} --upgrade" in after
    asked = run("find", list(DRAWINGS)[SHOWN], db=db)
    assert f"{SHOWN} photos can be found by words only: photosearch index --upgrade" in asked.stderr


def test_a_model_whose_parts_do_not_fit_is_refused(run: Run, tmp_path: Path, mine: Path) -> None:
    """A person copied the weights of one training beside the text tower of another."""
    shutil.copy(shipped_model() / "model.safetensors", mine / "model.safetensors")
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.fromarray(drawings(224)[0]).save(photos / "0.png")
    db = tmp_path / "library.db"
    refused = run("index", photos, "--model", mine, *ONE_THREAD, db=db)
    assert refused.returncode == 3
    assert "model.safetensors" in refused.stderr.splitlines()[-1]
    told = run("doctor", mine, program="captioner")
    assert told.returncode == 3
    (line,) = told.stderr.splitlines()
    assert "model.safetensors" in line and "may belong to another model" in line
