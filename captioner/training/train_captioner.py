"""Training of a captioner on captioned photos."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from captioner.describe.config import CaptionerConfig
from captioner.describe.vocabulary import BOS, EOS, PAD, Vocabulary
from captioner.networks.decoder import Decoder, DecoderConfig
from captioner.networks.encoder import Encoder, pretrained_encoder
from captioner.networks.networks import Networks
from captioner.networks.torch_captioner import TorchCaptioner
from captioner.training.evaluate import caption_grids
from captioner.training.grid_cache import Progress
from captioner.training.metrics import score
from captioner.training.pixels import MIRRORED, PLAIN
from captioner.training.run import (
    Report,
    Resume,
    Run,
    train_epochs,
    update_average,
    write_json,
)
from captioner.training.tokenizer import tokenize


@dataclass(frozen=True)
class TrainConfig:
    """The recipe."""

    epochs: int = 15
    photos: int = 25  # a step; each with its captions
    captions: int = 5  # of each photo a step, at most
    max_words: int = 16  # of a training caption; the rest of the longest 7 % is cut off
    min_count: int = 3  # words seen less often in training are UNK
    learning_rate: float = 1e-3  # at its peak
    warm_up: float = 0.05  # share of all steps
    weight_decay: float = 0.02
    label_smoothing: float = 0.1
    clip: float = 1.0  # norm of the gradient
    average: float = 0.999  # decay of the running average of the weights that is kept
    seed: int = 1


def train(
    folders: Sequence[Path],
    out: Path,
    config: TrainConfig,
    *,
    cache: Path | None = None,
    device: str = "cpu",
    progress: Progress = lambda done, total: None,
    report: Report = lambda record: None,
) -> Path:
    """Train a captioner. If the folder has an unfinished run, go on with it.

    After each epoch the dev photos of every folder are captioned. The checkpoint with the highest
    CIDEr-D on the dev split of the first folder is kept.

    Writes into `out`: `config.json` (the recipe and the data), `log.jsonl` (a line an
    epoch), `dev-captions.json` (of the best epoch), `best/` (a model folder as
    `Captioner.load` takes it) and `resume.safetensors`.

    Args:
        folders: data folders, see `captioner.training.data.read_split`.
        out: the run's folder.
        config: the recipe.
        cache: folder for encoded photos; by default `out/features`.
        device: where the decoder is trained.
        progress: called with the steps done and all steps.
        report: called with each line of the log.

    Returns:
        The folder of the best checkpoint.

    Raises:
        DataError: the data are incomplete (see `read_split`), or `out` holds a run with another
            recipe or other data.
    """
    encoder = pretrained_encoder()
    run = Run.open(
        out, asdict(config), folders, encoder.for_inference(), views=(PLAIN, MIRRORED), cache=cache
    )
    training = CaptionerTraining(run, encoder, config, device, progress)
    resume = Resume(
        out / "resume.safetensors", training.decoder, training.average, training.optimizer
    )
    train_epochs(run, training, resume, config.epochs, report)
    return out / "best"


class CaptionerTraining:
    """A decoder in training, and the running average of its weights: this is judged and kept."""

    def __init__(
        self, run: Run, encoder: Encoder, config: TrainConfig, device: str, progress: Progress
    ) -> None:
        """Start with new weights.

        Args:
            run: its photos and captions.
            encoder: as it was trained, with its batch norms.
            config: the recipe.
            device: where the decoder is trained.
            progress: called with the steps done and all steps.
        """
        said = [photo for part in run.training for photo in part.captions]
        tokens = [[tokenize(caption) for caption in photo] for photo in said]
        vocabulary = Vocabulary.build((c for photo in tokens for c in photo), config.min_count)
        numbers = [[vocabulary.encode(caption) for caption in photo] for photo in tokens]
        torch.manual_seed(config.seed)
        self.run = run
        self.config = config
        self.device = device
        self.progress = progress
        self.batches = Batches(run.views, numbers, config)
        self.decoder = Decoder(DecoderConfig(len(vocabulary))).to(device)
        self.average = Decoder(self.decoder.config).to(device).eval()
        self.average.load_state_dict(self.decoder.state_dict())
        self.optimizer = make_optimizer(self.decoder, config)
        self.captioner = TorchCaptioner(
            Networks(encoder, self.average), vocabulary, CaptionerConfig(name=run.out.name)
        )
        self.captions: dict[str, dict[str, str]] = {}  # of the dev splits, by the last epoch

    def learn(self, epoch: int) -> float:
        """Go through all photos once, and return the mean loss."""
        config, steps = self.config, self.config.epochs * len(self.batches)
        losses = []
        torch.manual_seed(config.seed + epoch)  # a resumed run draws the same dropout
        batches = self.batches.epoch(epoch)
        for step, (grid, captions) in enumerate(batches, epoch * len(self.batches)):
            for group in self.optimizer.param_groups:
                group["lr"] = learning_rate(step, steps, config)
            loss = step_loss(
                self.decoder.train(), grid.to(self.device), captions.to(self.device), config
            )
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.decoder.parameters(), config.clip)
            self.optimizer.step()
            update_average(
                self.average, self.decoder, min(config.average, (step + 1) / (step + 11))
            )
            losses.append(loss.item())
            self.progress(step + 1, steps)
        return sum(losses) / len(losses)

    def judge(self) -> dict[str, float]:
        """Caption the dev photos, and return the metrics by name of split and metric."""
        figures: dict[str, float] = {}
        for part, grids in zip(self.run.dev, self.run.dev_grids, strict=True):
            found = caption_grids(self.captioner, grids, [image.name for image in part.images])
            self.captions[part.name] = found
            for metric, value in score(found, part.references()).items():
                figures[f"{part.name} {metric}"] = round(value, 4)
        return figures

    def merit(self, figures: dict[str, float]) -> float:
        """Return the CIDEr-D on the first folder."""
        return figures[f"{self.run.dev[0].name} CIDEr-D"]

    def keep(self) -> None:
        """Write the model: it is the best so far."""
        self.captioner.save(self.run.out / "best")
        write_json(self.run.out / "dev-captions.json", self.captions)


class Batches:
    """Photos with padded captions, in another order and view each epoch."""

    def __init__(
        self,
        views: Sequence[Sequence[np.ndarray]],
        captions: Sequence[Sequence[Sequence[int]]],
        config: TrainConfig,
    ) -> None:
        """Hold the grids of each folder's photos in each view, and all photos' captions.

        Args:
            views: for each folder, for each view, (photos, R, C).
            captions: word numbers of the captions of each photo, folder after folder.
            config: batch sizes and seed.
        """
        self.views = views
        self.captions = captions
        self.config = config
        self.places = [(f, i) for f, grids in enumerate(views) for i in range(len(grids[0]))]
        if len(self.places) != len(captions):
            raise ValueError(f"{len(self.places)} photos have {len(captions)} sets of captions")

    def __len__(self) -> int:
        return math.ceil(len(self.places) / self.config.photos)

    def epoch(self, number: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield grids, (B, R, C), and captions as BOS words EOS PAD..., (B, N, T).

        The same number gives the same batches. If a photo has fewer captions than the batch has
        places, the places are filled with empty captions (all PAD).
        """
        random = np.random.default_rng((self.config.seed, number))
        order = random.permutation(len(self.places))
        for start in range(0, len(order), self.config.photos):
            chosen = order[start : start + self.config.photos]
            grids, rows = [], []
            for photo in chosen:
                folder, index = self.places[photo]
                view = int(random.integers(len(self.views[folder])))
                grids.append(self.views[folder][view][index])
                picked = random.permutation(len(self.captions[photo]))[: self.config.captions]
                whole = ([BOS, *self.captions[photo][c], EOS] for c in picked)
                # A caption that is cut has no EOS: its end is not learned from.
                rows.append([caption[: self.config.max_words + 1] for caption in whole])
            yield torch.from_numpy(np.stack(grids)).float(), pad(rows)


def pad(rows: Sequence[Sequence[Sequence[int]]]) -> Tensor:
    """Return captions as one tensor filled up with PAD, (B, N, T)."""
    captions = max(len(row) for row in rows)
    length = max(len(caption) for row in rows for caption in row)
    padded = torch.full((len(rows), captions, length), PAD)
    for b, row in enumerate(rows):
        for n, caption in enumerate(row):
            padded[b, n, : len(caption)] = torch.tensor(caption)
    return padded


def step_loss(decoder: Decoder, grid: Tensor, captions: Tensor, config: TrainConfig) -> Tensor:
    """Return the mean cross-entropy of each next word given the true words before it.

    Args:
        decoder: the model.
        grid: region features, (B, R, C).
        captions: BOS words EOS PAD..., (B, N, T).
        config: label smoothing.
    """
    memory, state = decoder.remember(grid, captions.shape[1])
    previous, following = captions[:, :, :-1], captions[:, :, 1:]
    wanted = following != PAD
    logits, _ = decoder(memory, state, previous, wanted)
    return nn.functional.cross_entropy(
        logits, following[wanted], label_smoothing=config.label_smoothing
    )


def make_optimizer(decoder: nn.Module, config: TrainConfig) -> torch.optim.AdamW:
    """Return AdamW that decays matrices only."""
    matrices = [p for p in decoder.parameters() if p.dim() > 1]
    vectors = [p for p in decoder.parameters() if p.dim() <= 1]
    return torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": config.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ],
        lr=config.learning_rate,
        betas=(0.9, 0.98),
    )


def learning_rate(step: int, steps: int, config: TrainConfig) -> float:
    """Return the rate of a step: linear warm-up, then half a cosine down to a fiftieth."""
    warm = max(1, round(config.warm_up * steps))
    if step < warm:
        return config.learning_rate * (step + 1) / warm
    share = min(1.0, (step - warm) / max(1, steps - warm))
    return config.learning_rate * (0.02 + 0.98 * (1 + math.cos(math.pi * share)) / 2)
