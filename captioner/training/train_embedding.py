"""Training of the joint embedding on captioned photos."""

from __future__ import annotations

import copy
import math
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_model, save_model
from torch import Tensor, nn
from torch.nn import functional

from captioner.describe.model_folder import shipped_model, write_part
from captioner.describe.quantise import quantise
from captioner.errors import DataError
from captioner.networks.embedding import EmbeddingConfig, JointEmbedding, PhotoTower
from captioner.networks.encoder import EncoderConfig, pretrained_encoder
from captioner.networks.networks import named_weights
from captioner.networks.text_tower import TextTower, export, pretrained_text_tower
from captioner.training.export import add_graphs
from captioner.training.grid_cache import Progress
from captioner.training.pixels import PLAIN
from captioner.training.retrieval import (
    PART,
    caption_recalls,
    pad,
    photo_vectors,
    sentence_vectors,
    tokens_of,
)
from captioner.training.run import Report, Resume, Run, train_epochs, update_average


@dataclass(frozen=True)
class EmbeddingRecipe:
    """The recipe."""

    shape: EmbeddingConfig = field(default_factory=EmbeddingConfig)
    epochs: int = 14
    photos: int = 250  # a step, each with one of its captions
    views: int = 5  # of each photo: plain, mirrored, random crops
    learning_rate: float = 6e-4  # of the new layers, at its peak
    scale_rate: float = 6e-3  # of the scale of the cosines
    text_rate: float = 5e-5  # of the sentence encoder
    warm_up: float = 0.1  # share of all steps
    weight_decay: float = 0.05
    tuned_decay: float = 0.01  # weight decay of what was trained before
    label_smoothing: float = 0.05
    scale: float = 20.0  # of the cosines, before it is learned
    most_scale: float = 100.0
    clip: float = 1.0  # norm of the gradient
    average: float = 0.99  # decay of the running average of the weights that is kept
    max_tokens: int = 32  # of a training caption
    sentences: int = 5000  # captions that hubness is measured by
    seed: int = 1


class Towers(nn.Module):
    """The networks in training: both towers and the scale of their cosines."""

    def __init__(self, photos: PhotoTower, sentences: TextTower, scale: float) -> None:
        super().__init__()
        self.photos = photos
        self.sentences = sentences
        self.scale = nn.Parameter(torch.tensor(math.log(scale)))


def train_embedding(
    folders: Sequence[Path],
    out: Path,
    recipe: EmbeddingRecipe,
    *,
    model: Path | None = None,
    cache: Path | None = None,
    progress: Progress = lambda done, total: None,
    report: Report = lambda record: None,
) -> Path:
    """Train a joint embedding. If the folder has an unfinished run, go on with it.

    After each epoch the captions of every folder's dev photos are searched. The weights with the
    highest sum of R@1, R@5 and R@10 on the first folder are kept.

    Writes into `out`: `config.json`, `log.jsonl` (a line an epoch), `resume.safetensors`
    and `best/`, a copy of the model with this embedding.

    Args:
        folders: data folders, see `captioner.training.data.read_split`.
        out: the run's folder.
        recipe: how to train.
        model: the model that gets the embedding; by default the shipped model.
        cache: folder for encoded photos; by default `out/features`.
        progress: called with the steps done and all steps.
        report: called with each line of the log.

    Returns:
        The folder of the best model.

    Raises:
        DataError: the data are incomplete (see `read_split`), `out` holds a run with another
            recipe or other data, or the photos are fewer than a step takes.
    """
    encoder = pretrained_encoder().for_inference()
    run = Run.open(out, asdict(recipe), folders, encoder, views=range(recipe.views), cache=cache)
    training = EmbeddingTraining(run, encoder.config, recipe, progress)
    resume = Resume(
        out / "resume.safetensors", training.towers, training.average, training.optimizer
    )
    train_epochs(run, training, resume, recipe.epochs, report)
    load_model(training.average, out / "best.safetensors")
    finish(model or shipped_model(), training)
    return out / "best"


class EmbeddingTraining:
    """Both towers in training, and the running average of their weights: the average is kept."""

    def __init__(
        self, run: Run, encoder: EncoderConfig, recipe: EmbeddingRecipe, progress: Progress
    ) -> None:
        """Start with a new photo tower and a pretrained text tower.

        Args:
            run: its photos and captions.
            encoder: of the photos.
            recipe: how to train.
            progress: called with the steps done and all steps.

        Raises:
            DataError: the photos are fewer than a step takes.
        """
        self.said = [photo for part in run.training for photo in part.captions]
        if len(self.said) < recipe.photos:
            count = len(self.said)
            raise DataError(f"{count} training photos are fewer than a step's {recipe.photos}")
        torch.manual_seed(recipe.seed)
        photos = PhotoTower(recipe.shape, encoder)
        sentences, self.tokenizer = pretrained_text_tower(recipe.shape.dimension)
        self.tokenizer.enable_truncation(recipe.max_tokens)
        self.run = run
        self.recipe = recipe
        self.progress = progress
        self.tokens = [tokens_of(self.tokenizer, photo) for photo in self.said]
        self.dev_tokens = [
            [tokens_of(self.tokenizer, photo) for photo in part.captions] for part in run.dev
        ]
        self.towers = Towers(photos, sentences, recipe.scale)
        self.average = copy.deepcopy(self.towers).eval()
        self.optimizer = make_optimizer(self.towers, recipe)

    def learn(self, epoch: int) -> float:
        """Go through all photos once, and return the mean loss."""
        recipe, losses = self.recipe, []
        steps_an_epoch = len(self.tokens) // recipe.photos
        steps = recipe.epochs * steps_an_epoch
        torch.manual_seed(recipe.seed + epoch)
        batches = draw(self.run.views, self.tokens, recipe, epoch)
        for step in range(epoch * steps_an_epoch, (epoch + 1) * steps_an_epoch):
            grid, captions = next(batches)
            for group in self.optimizer.param_groups:
                group["lr"] = group["peak"] * rate(step, steps, recipe)
            loss = step_loss(self.towers, grid, captions, recipe)
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.towers.parameters(), recipe.clip)
            self.optimizer.step()
            with torch.no_grad():
                self.towers.scale.clamp_(max=math.log(recipe.most_scale))
            update_average(self.average, self.towers, min(recipe.average, (step + 1) / (step + 11)))
            losses.append(loss.item())
            self.progress(step + 1, steps)
        return sum(losses) / len(losses)

    def judge(self) -> dict[str, float]:
        """Search the dev photos by their captions; return recalls by name of split."""
        figures: dict[str, float] = {}
        run, tower = self.run, self.average
        for part, grids, texts in zip(run.dev, run.dev_grids, self.dev_tokens, strict=True):
            vectors = photo_vectors(tower.photos, grids)
            found = caption_recalls(vectors, tower.sentences, texts)
            figures |= {f"{part.name} {name}": value for name, value in found.items()}
        return figures

    def merit(self, figures: dict[str, float]) -> float:
        """Return the sum of R@1, R@5 and R@10 on the first folder."""
        first = self.run.dev[0].name
        return sum(value for name, value in figures.items() if name.startswith(first))

    def keep(self) -> None:
        """Write the towers: they are the best so far."""
        save_model(self.average, str(self.run.out / "best.safetensors"))


def sentences_of_all_kinds(captions: Sequence[str], recipe: EmbeddingRecipe) -> list[str]:
    """Choose captions for hubness; two in five are cut to one to three words, as people type."""
    chance = np.random.default_rng(recipe.seed)
    chosen = chance.permutation(len(captions))[: recipe.sentences].tolist()
    sentences = []
    for place, number in enumerate(chosen):
        words = captions[number].split()
        if place % 5 < 2:
            count = int(chance.integers(1, 4))
            start = int(chance.integers(max(1, len(words) - count + 1)))
            words = words[start : start + count]
        sentences.append(" ".join(words))
    return sentences


def make_optimizer(towers: Towers, recipe: EmbeddingRecipe) -> torch.optim.AdamW:
    """Return AdamW; weights that were trained before have a rate of their own (`peak`)."""
    tuned = list(towers.sentences.bert.parameters())
    known = {id(parameter) for parameter in tuned}
    new = [p for p in towers.parameters() if id(p) not in known and p is not towers.scale]
    groups = [
        {"params": new, "peak": recipe.learning_rate, "weight_decay": recipe.weight_decay},
        {"params": [towers.scale], "peak": recipe.scale_rate, "weight_decay": 0.0},
        {"params": tuned, "peak": recipe.text_rate, "weight_decay": recipe.tuned_decay},
    ]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate)


def rate(step: int, steps: int, recipe: EmbeddingRecipe) -> float:
    """Return the share of the peak rates: linear warm-up times half a cosine down to 0."""
    warm = max(1, round(recipe.warm_up * steps))
    return min(1.0, (step + 1) / warm) * (1 + math.cos(math.pi * step / steps)) / 2


def draw(
    views: Sequence[Sequence[np.ndarray]],
    tokens: Sequence[Sequence[Sequence[int]]],
    recipe: EmbeddingRecipe,
    epoch: int,
) -> Iterator[tuple[Tensor, list[Sequence[int]]]]:
    """Yield an epoch's batches: each photo once, in one view, with one caption.

    Args:
        views: for each folder, for each view, the grids of its photos, (n, R, C).
        tokens: of the captions of each photo, folder after folder.
        recipe: batch size and seed.
        epoch: the same number gives the same batches.

    Yields:
        Grids, (B, R, C), and the tokens of a caption of each, the shortest first.
    """
    chance = np.random.default_rng([recipe.seed, epoch])
    places = [(f, i) for f, folder in enumerate(views) for i in range(len(folder[0]))]
    order = chance.permutation(len(places))
    for start in range(0, len(order) - recipe.photos + 1, recipe.photos):
        pairs = []
        for number in order[start : start + recipe.photos].tolist():
            folder, place = places[number]
            own = tokens[number]
            view = int(chance.integers(recipe.views))
            pairs.append((own[int(chance.integers(len(own)))], views[folder][view][place]))
        pairs.sort(key=lambda pair: len(pair[0]))
        grid = torch.from_numpy(np.stack([grid for _, grid in pairs])).float()
        yield grid, [caption for caption, _ in pairs]


def step_loss(
    towers: Towers, grid: Tensor, captions: Sequence[Sequence[int]], recipe: EmbeddingRecipe
) -> Tensor:
    """Return InfoNCE both ways between photos and captions.

    van den Oord et al. 2018, https://arxiv.org/abs/1807.03748, eq. 4; both ways as in
    Radford et al. 2021, https://arxiv.org/abs/2103.00020, figure 3.

    Args:
        towers: the networks in training.
        grid: region features, (B, R, C).
        captions: tokens of each photo's caption, (B); captions of like length stand together.
        recipe: label smoothing.
    """
    towers.train()
    photos = towers.photos(grid)  # (B, D)
    # In parts, each as wide as its longest caption: half of a single batch would be padding.
    parts = [captions[start : start + PART] for start in range(0, len(captions), PART)]
    sentences = torch.cat([towers.sentences(*pad(part)) for part in parts])  # (B, D)
    logits = towers.scale.exp() * photos @ sentences.T
    own = torch.arange(len(logits))
    losses = [
        functional.cross_entropy(way, own, label_smoothing=recipe.label_smoothing)
        for way in (logits, logits.T)
    ]
    return torch.stack(losses).mean()


def finish(model: Path, training: EmbeddingTraining) -> None:
    """Write a copy of a model with a trained embedding into the run's folder, as `best`.

    Args:
        model: the folder that is copied.
        training: its average holds the best weights.
    """
    towers, tokenizer, run = training.average, training.tokenizer, training.run
    out = run.out / "best"
    shutil.copytree(model, out, dirs_exist_ok=True)
    export(towers.sentences, tokenizer, out)
    captions = [caption for photo in training.said for caption in photo]
    kinds = tokens_of(tokenizer, sentences_of_all_kinds(captions, training.recipe))
    sentences = sentence_vectors(towers.sentences, kinds)  # (S, D)
    grids = np.concatenate([part[PLAIN] for part in run.views])
    photos = photo_vectors(towers.photos, grids)  # (m, D)
    scale = float(towers.scale.detach().exp())
    embedding = JointEmbedding(towers.photos, torch.from_numpy(quantise(sentences)), scale)
    hubness = embedding.hubness(torch.from_numpy(photos)).numpy()
    np.savez(out / "background.npz", vectors=quantise(photos), hubness=hubness)
    shape = asdict(towers.photos.config)
    write_part(out, named_weights({"embedding": embedding}), {"embedding": shape})
    add_graphs(out)
