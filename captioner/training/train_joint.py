"""Joint training: trunk, joint embedding, word head, captioner and classifier learn together."""

from __future__ import annotations

import copy
import json
import math
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from captioner.describe.config import CaptionerConfig
from captioner.describe.model_folder import read_settings
from captioner.errors import EngineError
from captioner.networks.bfloat16 import is_faster
from captioner.networks.networks import Networks
from captioner.networks.tagger import Tagger
from captioner.networks.torch_captioner import TorchCaptioner, find_device
from captioner.training import augment
from captioner.training.grid_cache import Progress
from captioner.training.history import add_run
from captioner.training.joint_data import Photos, by_source, read_photos
from captioner.training.joint_networks import Precision
from captioner.training.joint_recipe import JointRecipe
from captioner.training.joint_training import JointTraining
from captioner.training.lessons import Told
from captioner.training.retrieval import recalls, sentence_vectors, tokens_of
from captioner.training.run import Report, Resume, same_run, write_json
from captioner.training.shards import Shards
from captioner.training.sources import Role
from captioner.training.train_heads import put_towers, put_words, sentences_of_all_kinds

LOOK = 20  # steps between two looks at the device: each look waits until all steps are done
JUDGED = 64  # photos that are encoded together to be judged


@dataclass(frozen=True)
class Length:
    """How long a run is: minutes of training, epochs, or what is reached first."""

    minutes: float | None = None
    epochs: int | None = None

    def __str__(self) -> str:
        """Say the length in words."""
        said = ((self.minutes, "minutes"), (self.epochs, "epochs"))
        return " or ".join(f"{value:g} {unit}" for value, unit in said if value)

    def done(self, epochs: float, seconds: float) -> float:
        """Return the share of the run that is done; 1 and more: all."""
        shares = [
            spent / whole
            for spent, whole in ((seconds / 60, self.minutes), (epochs, self.epochs))
            if whole
        ]
        return max(shares, default=1.0)


@dataclass(frozen=True)
class Machine:
    """What a run computes on; it is no part of the recipe."""

    device: str = "auto"  # see `captioner.networks.torch_captioner.find_device`
    compiled: bool = False  # whether torch compiles the trunk, a minute or two at the start
    save_seconds: float = 60.0  # between two writings of the run's state, at least


def train_joint(
    shards: Path,
    out: Path,
    recipe: JointRecipe,
    length: Length,
    *,
    model: Path | None = None,
    machine: Machine | None = None,
    progress: Progress = lambda done, total: None,
    report: Report = lambda record: None,
) -> Path:
    """Train all networks together. If the folder has an unfinished run, go on with it.

    The rates fall to nothing at the end of the run, however long it is. What is written is the
    running average of the weights at the end.

    Writes into `out`: `config.json`, `log.jsonl` (a line an epoch), `resume.safetensors` and
    `best/`, a model folder; `captioner finish` completes it.

    Args:
        shards: folder of the photos, see `captioner.training.shards.pack`.
        out: the run's folder.
        recipe: how to train.
        length: how long to train; reading the photos and writing the model come on top.
        model: the model to start from; by default ImageNet's weights and a sentence encoder.
        machine: what to compute on.
        progress: called with the thousandths of the run that are done.
        report: called with each line of the log.

    Returns:
        The folder of the trained model.

    Raises:
        EngineError: the device isn't available, or it has too little memory for a step.
        DataError: shards are damaged, `out` holds a run with another recipe or other photos, or
            the photos are fewer than a step takes.
        ModelError: the folder `model` holds no model.
    """
    found = Shards.open(shards)
    settings = {
        **asdict(recipe),
        **asdict(length),
        "model": str(model) if model else None,
        "sources": {name: len(some) for name, some in by_source(found.photos).items()},
    }
    out.mkdir(parents=True, exist_ok=True)
    same_run(out / "config.json", settings)
    machine = machine or Machine()
    place = find_device(machine.device)
    if place.type == "cuda":
        torch.backends.cudnn.benchmark = True  # all steps have the same shapes
        torch.set_float32_matmul_precision("high")  # of the decoder
    training = JointTraining(
        read_photos(found, "train", place), model, recipe, Precision(place, is_faster(place))
    )
    resume = Resume(
        out / "resume.safetensors", training.networks, training.average, training.optimizer
    )
    if machine.compiled:
        training.networks.encoder.network.compile()
    every = machine.save_seconds
    try:
        run(training, resume, length, out, every=every, progress=progress, report=report)
    except torch.cuda.OutOfMemoryError as error:
        raise EngineError(
            f"the device has too little memory for a step of {training.steps.photos} photos",
            "give a smaller --photos",
        ) from error
    write(out / "best", training, length)
    figures = judge(training, read_photos(found, "dev", place))
    if figures:
        write_json(out / "figures.json", figures)
        report(figures)
    return out / "best"


def run(
    training: JointTraining,
    resume: Resume,
    length: Length,
    out: Path,
    *,
    every: float = 0.0,
    now: Callable[[], float] = time.monotonic,
    progress: Progress = lambda done, total: None,
    report: Report = lambda record: None,
) -> None:
    """Train until the run's length is reached; after epochs the state is written.

    Args:
        training: the networks.
        resume: the state of the run between epochs: epochs done, and seconds spent.
        length: of the run.
        out: the run's folder; its log is written.
        every: seconds between two writings of the state, at least.
        now: returns seconds.
        progress: called with the thousandths of the run that are done.
        report: called with each line of the log.
    """
    epoch, spent = resume.load()
    spent = max(spent, 0.0)
    steps = len(training.steps)
    done, saved = length.done(epoch, spent), now()
    while done < 1:
        training.begin(epoch)
        started, number, losses_seen = now(), epoch * steps, []
        for step in training.steps.epoch(epoch):
            done = length.done(number / steps, spent + now() - started)
            if done >= 1:
                break
            losses_seen.append(training.learn(step, number, done))
            number += 1
            if number % LOOK == 0:
                losses_seen[-1].item()  # waits, so that the clock tells the device's time
                progress(round(1000 * done), 1000)
        mean = float(torch.stack(losses_seen).mean()) if losses_seen else math.nan
        seconds = now() - started
        spent, epoch = spent + seconds, epoch + 1
        done = max(done, length.done(epoch, spent))
        if done >= 1 or now() - saved >= every:
            resume.save(epoch, spent)
            saved = now()
        photos = len(losses_seen) * training.steps.photos
        record = {
            "epoch": epoch,
            "loss": round(mean, 4),
            "done": round(min(done, 1), 4),
            "photos_a_second": round(photos / max(seconds, 1e-9), 1),
        }
        with open(out / "log.jsonl", "a", encoding="utf-8") as lines:
            lines.write(json.dumps(record) + "\n")
        report(record)


def write(folder: Path, training: JointTraining, length: Length) -> None:
    """Write the average of the networks as a model folder; `captioner finish` completes it."""
    average = copy.deepcopy(training.average).cpu()
    config = CaptionerConfig(name=folder.parent.name)
    shutil.rmtree(folder, ignore_errors=True)
    if training.model:
        shutil.copytree(training.model, folder)
        settings = read_settings(training.model)
        config = replace(CaptionerConfig.of(settings), name=folder.parent.name)
    tagger = Tagger(*average.classes.weight.shape[::-1])
    tagger.classes = average.classes
    networks = Networks(average.encoder, average.decoder, tagger)
    TorchCaptioner(networks, training.vocabulary, config).save(folder)
    told = [
        Told(photo.texts, photo.source if photo.role is Role.CLASSES else None)
        for photo in training.photos.photos
    ]
    texts = sentences_of_all_kinds(told, training.numbers, training.recipe.heads.seed)
    put_towers(folder, average.heads, training.tokenizer, texts)
    put_words(folder, average.words, training.lines)
    start = str(read_settings(training.model)["name"]) if training.model else None
    photos = [(photo.source, photo.role) for photo in training.photos.photos]
    add_run(folder, "train-joint", start, str(length), photos)


@torch.inference_mode()
def judge(training: JointTraining, dev: Photos) -> dict[str, float]:
    """Search the dev photos of each source by their captions; return recalls."""
    device, average = training.precision.device, training.average
    sentences = copy.deepcopy(average.heads.sentences).cpu()
    figures: dict[str, float] = {}
    for source, numbers in by_source(dev.photos).items():
        vectors = []
        for start in range(0, len(numbers), JUDGED):
            some = np.array(numbers[start : start + JUDGED])
            pixels = dev.take(torch.from_numpy(some).to(device), some)
            images = augment.show(pixels, augment.plain(len(some), device))
            vectors.append(average.heads.photos(average.grid(images)).cpu().numpy())
        texts = [dev.photos[number].texts for number in numbers]
        tokens = tokens_of(training.tokenizer, [text for photo in texts for text in photo])
        owners = np.repeat(np.arange(len(texts)), [len(photo) for photo in texts])
        found = recalls(np.concatenate(vectors), sentence_vectors(sentences, tokens), owners)
        figures |= {f"{source}/dev {name}": value for name, value in found.items()}
    return figures
