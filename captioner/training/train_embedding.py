"""Training the joint embedding on captioned photos."""

from __future__ import annotations

import copy
import math
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors.torch import load_model, save_model
from torch import Tensor, nn
from torch.nn import functional

from captioner.describe.model_folder import shipped_model, write_part
from captioner.describe.quantise import quantise
from captioner.errors import DataError
from captioner.networks.embedding import EmbeddingConfig, JointEmbedding, PhotoTower
from captioner.networks.encoder import pretrained_encoder
from captioner.networks.networks import named_weights
from captioner.networks.text_tower import TextTower, export, pretrained_text_tower
from captioner.training.export import add_graphs
from captioner.training.grid_cache import Progress
from captioner.training.pixels import PLAIN
from captioner.training.run import Report, Resume, Run, update_average

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PART = 50  # sentences or photos that go through a tower together


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
    """What is trained: both towers and the scale of their cosines."""

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
    """Train a joint embedding; go on where an earlier run into the same folder stopped.

    After each epoch the captions of every folder's dev photos look for their photos. The
    weights kept are those with the highest sum of R@1, R@5 and R@10 on the first folder.

    Writes into `out`: `config.json`, `log.jsonl` (a line an epoch), `resume.safetensors`
    and `best/`, a copy of the model with this embedding.

    Args:
        folders: data folders, see `captioner.training.data.read_split`.
        out: the run's folder.
        recipe: how to train.
        model: the model that gets the embedding; the shipped one without it.
        cache: folder for encoded photos; by default `out/features`.
        progress: told steps done and all steps.
        report: given each line of the log.

    Returns:
        The folder of the best model.

    Raises:
        DataError: the data are incomplete (see `read_split`), `out` holds a run with another
            recipe or other data, or the photos are fewer than a step takes.
    """
    encoder = pretrained_encoder().for_inference()
    run = Run.open(out, asdict(recipe), folders, encoder, views=range(recipe.views), cache=cache)
    said = [photo for part in run.training for photo in part.captions]
    if len(said) < recipe.photos:
        raise DataError(f"{len(said)} training photos are fewer than a step's {recipe.photos}")
    torch.manual_seed(recipe.seed)
    photos = PhotoTower(recipe.shape, encoder.config)
    sentences, tokenizer = pretrained_text_tower(recipe.shape.dimension)
    tokenizer.enable_truncation(recipe.max_tokens)
    tokens = [tokens_of(tokenizer, photo) for photo in said]
    dev_tokens = [[tokens_of(tokenizer, photo) for photo in part.captions] for part in run.dev]
    towers = Towers(photos, sentences, recipe.scale)
    average = copy.deepcopy(towers).eval()
    optimizer = make_optimizer(towers, recipe)
    steps_an_epoch = len(tokens) // recipe.photos
    steps = recipe.epochs * steps_an_epoch
    state = Resume(out / "resume.safetensors", towers, average, optimizer)
    first, best = state.load()
    for epoch in range(first, recipe.epochs):
        started, losses = time.monotonic(), []
        torch.manual_seed(recipe.seed + epoch)
        batches = draw(run.views, tokens, recipe, epoch)
        for step in range(epoch * steps_an_epoch, (epoch + 1) * steps_an_epoch):
            grid, captions = next(batches)
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * rate(step, steps, recipe)
            loss = step_loss(towers, grid, captions, recipe)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(towers.parameters(), recipe.clip)
            optimizer.step()
            with torch.no_grad():
                towers.scale.clamp_(max=math.log(recipe.most_scale))
            update_average(average, towers, min(recipe.average, (step + 1) / (step + 11)))
            losses.append(loss.item())
            progress(step + 1, steps)
        record: dict[str, float] = {"epoch": epoch + 1, "loss": sum(losses) / len(losses)}
        for part, grids, texts in zip(run.dev, run.dev_grids, dev_tokens, strict=True):
            found = recalls(
                photo_vectors(average.photos, grids),
                sentence_vectors(average.sentences, [c for photo in texts for c in photo]),
                np.repeat(np.arange(len(texts)), [len(photo) for photo in texts]),
            )
            record |= {f"{part.name} {name}": value for name, value in found.items()}
        record["minutes"] = round((time.monotonic() - started) / 60, 2)
        chosen_by = sum(value for name, value in record.items() if name.startswith(run.dev[0].name))
        if chosen_by > best:
            best = chosen_by
            save_model(average, str(out / "best.safetensors"))
        state.save(epoch + 1, best)
        run.log(record)
        report(record)
    load_model(average, out / "best.safetensors")
    kinds = sentences_of_all_kinds([caption for photo in said for caption in photo], recipe)
    finish(
        model or shipped_model(),
        out / "best",
        average,
        tokenizer,
        sentence_vectors(average.sentences, tokens_of(tokenizer, kinds)),
        photo_vectors(average.photos, np.concatenate([part[PLAIN] for part in run.views])),
    )
    return out / "best"


def tokens_of(tokenizer: Tokenizer, sentences: Sequence[str]) -> list[list[int]]:
    """Return the tokens of sentences."""
    return [encoding.ids for encoding in tokenizer.encode_batch(list(sentences))]


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
    """Return AdamW; what was trained before learns at a rate of its own (`peak`)."""
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


def pad(captions: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Return tokens and mask of captions of unequal length, int64 (B, T) each."""
    ids = torch.zeros(len(captions), max(map(len, captions)), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, caption in enumerate(captions):
        ids[row, : len(caption)] = torch.tensor(caption)
        mask[row, : len(caption)] = 1
    return ids, mask


def step_loss(
    towers: Towers, grid: Tensor, captions: Sequence[Sequence[int]], recipe: EmbeddingRecipe
) -> Tensor:
    """Return InfoNCE both ways between photos and captions.

    van den Oord et al. 2018, https://arxiv.org/abs/1807.03748, eq. 4; both ways as in
    Radford et al. 2021, https://arxiv.org/abs/2103.00020, figure 3.

    Args:
        towers: what is trained.
        grid: region features, (B, R, C).
        captions: tokens of each photo's caption, (B), those of like length together.
        recipe: label smoothing.
    """
    towers.train()
    photos = towers.photos(grid)  # (B, D)
    # In parts, each as wide as its longest: half of one wide batch would be padding.
    parts = [captions[start : start + PART] for start in range(0, len(captions), PART)]
    sentences = torch.cat([towers.sentences(*pad(part)) for part in parts])  # (B, D)
    logits = towers.scale.exp() * photos @ sentences.T
    own = torch.arange(len(logits))
    losses = [
        functional.cross_entropy(way, own, label_smoothing=recipe.label_smoothing)
        for way in (logits, logits.T)
    ]
    return torch.stack(losses).mean()


@torch.inference_mode()
def photo_vectors(tower: PhotoTower, grids: np.ndarray) -> np.ndarray:
    """Return the vectors of encoded photos, (n, R, C) to (n, D)."""
    tower.eval()
    parts = [grids[start : start + PART] for start in range(0, len(grids), PART)]
    return np.concatenate([tower(torch.from_numpy(part).float()).numpy() for part in parts])


@torch.inference_mode()
def sentence_vectors(tower: TextTower, tokens: Sequence[Sequence[int]]) -> np.ndarray:
    """Return the vectors of sentences, (n, D); those of like length go together."""
    order = sorted(range(len(tokens)), key=lambda n: len(tokens[n]))
    vectors: dict[int, np.ndarray] = {}
    for start in range(0, len(order), 128):
        part = order[start : start + 128]
        found = tower.eval()(*pad([tokens[n] for n in part])).numpy()
        vectors |= dict(zip(part, found, strict=True))
    return np.stack([vectors[n] for n in range(len(tokens))])


def recalls(photos: np.ndarray, sentences: np.ndarray, owners: np.ndarray) -> dict[str, float]:
    """Return how often a sentence finds its photo among the first 1, 5 and 10.

    Args:
        photos: unit vectors, (n, D).
        sentences: unit vectors, (m, D).
        owners: the place of each sentence's photo, (m,).

    Returns:
        R@1, R@5, R@10, 0 to 1.
    """
    cosines = sentences @ photos.T  # (m, n)
    own = cosines[np.arange(len(owners)), owners]
    ranks = (cosines > own[:, None]).sum(1)
    return {f"R@{k}": round(float((ranks < k).mean()), 4) for k in (1, 5, 10)}


def finish(
    model: Path,
    out: Path,
    towers: Towers,
    tokenizer: Tokenizer,
    sentences: np.ndarray,
    photos: np.ndarray,
) -> None:
    """Write a copy of a model with a trained embedding.

    Args:
        model: the folder that is copied.
        out: the new folder.
        towers: trained.
        tokenizer: of the text tower.
        sentences: vectors of sentences of all kinds, (S, D).
        photos: vectors of photos of all kinds, (m, D).
    """
    shutil.copytree(model, out, dirs_exist_ok=True)
    export(towers.sentences, tokenizer, out)
    scale = float(towers.scale.detach().exp())
    embedding = JointEmbedding(towers.photos, torch.from_numpy(quantise(sentences)), scale)
    hubness = embedding.hubness(torch.from_numpy(photos)).numpy()
    np.savez(out / "background.npz", vectors=quantise(photos), hubness=hubness)
    shape = asdict(towers.photos.config)
    write_part(out, named_weights({"embedding": embedding}), {"embedding": shape})
    add_graphs(out)
