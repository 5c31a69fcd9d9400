"""Training of a model's joint embedding and word head, its trunk frozen."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from captioner.describe.model_folder import WORDS, read_settings, write_part
from captioner.describe.quantise import quantise
from captioner.networks.embedding import EmbeddingConfig, JointEmbedding, PhotoTower
from captioner.networks.networks import Networks, named_weights
from captioner.networks.text_tower import export, pretrained_text_tower, read_text_tower
from captioner.networks.word_head import WordHead
from captioner.training.grid_cache import Progress
from captioner.training.heads import Heads, HeadsRecipe, averaged, make_optimizer, step
from captioner.training.history import add_run
from captioner.training.lemmas import choose_words, spellings
from captioner.training.lessons import Lessons, Told
from captioner.training.pixels import PLAIN
from captioner.training.retrieval import (
    caption_recalls,
    photo_vectors,
    sentence_vectors,
    tokens_of,
)
from captioner.training.run import Report, Resume, Run, rate, train_epochs, update_average
from captioner.training.short_queries import short_query
from captioner.training.train_words import features_of, train_words
from captioner.training.word_list import word_lines

if TYPE_CHECKING:
    from tokenizers import Tokenizer

VIEWS = (PLAIN, 2)  # of each photo: whole, and a crop
SENTENCES = 5000  # of all kinds, that hubness is measured by
FIRST_SCALE = 20.0  # of the cosines of a new embedding
LEAST_PHOTOS, MOST_WORDS = 12, 3000  # of the word head's words


def train_heads(
    folders: Sequence[Path],
    classes: Sequence[Path],
    model: Path,
    out: Path,
    recipe: HeadsRecipe,
    *,
    cache: Path | None = None,
    progress: Progress = lambda done, total: None,
    report: Report = lambda record: None,
) -> Path:
    """Train joint embedding and word head of a model. If the folder has an unfinished run, go on.

    The embedding starts from the model's own; if the model has none, from a pretrained sentence
    encoder. The word head starts anew, with the words that captions and classes hold most often.

    Writes into `out`: `config.json`, `log.jsonl` (a line an epoch), `words.txt` (the words of the
    head), `resume.safetensors` and `best/`, a copy of the model with the trained heads.

    Args:
        folders: data folders with captions, see `captioner.training.data.read_split`.
        classes: data folders whose captions are the names of classes, several joined by "and".
        model: the folder of the model; its trunk stays as it is.
        out: the run's folder.
        recipe: how to train.
        cache: folder for encoded photos; by default `out/features`.
        progress: called with the steps done and all steps.
        report: called with each line of the log.

    Returns:
        The folder of the trained model.

    Raises:
        DataError: the data are incomplete (see `read_split`), `out` holds a run with another recipe
            or other data, the captioned photos are fewer than a step takes, or no word stands in
            the captions of `LEAST_PHOTOS` photos.
        ModelError: the folder holds no model.
    """
    networks = Networks.read(model)
    all_settings = {**asdict(recipe), "classes": [folder.name for folder in classes]}
    run = Run.open(
        out,
        all_settings,
        [*folders, *classes],
        networks.encoder.for_inference(),
        views=VIEWS,
        cache=cache,
    )
    training = HeadsTraining(run, len(folders), networks, model, recipe, progress)
    resume = Resume(
        out / "resume.safetensors", training.heads, training.average, training.optimizer
    )
    train_epochs(run, training, resume, recipe.epochs, report)
    return out / "best"


class HeadsTraining:
    """The heads in training, and the running average of their weights: the average is kept."""

    def __init__(
        self,
        run: Run,
        captioned: int,
        networks: Networks,
        model: Path,
        recipe: HeadsRecipe,
        progress: Progress,
    ) -> None:
        """Choose the words, and start from the embedding of the model.

        Args:
            run: its photos and captions.
            captioned: how many of the run's folders have captions; the others have classes.
            networks: of the model.
            model: its folder.
            recipe: how to train.
            progress: called with the steps done and all steps.

        Raises:
            DataError: the captioned photos are fewer than a step takes, or no word stands in the
                captions of `LEAST_PHOTOS` photos.
        """
        self.run = run
        self.model = model
        self.recipe = recipe
        self.progress = progress
        self.captioned = captioned
        photos = [
            Told(texts, part.name if place >= captioned else None)
            for place, part in enumerate(run.training)
            for texts in part.captions
        ]
        self.photos = photos
        words = choose_words([photo.texts for photo in photos], LEAST_PHOTOS, MOST_WORDS)
        self.lines = word_lines(words, spellings([photo.texts for photo in photos]))
        torch.manual_seed(recipe.seed)
        self.heads, self.tokenizer = start(networks, model)
        self.average = averaged(self.heads)
        self.optimizer = make_optimizer(self.heads, recipe)
        self.tokenizer.enable_truncation(recipe.max_tokens)
        self.lessons = Lessons(photos, form_numbers(self.lines), self.tokenizer, recipe, len(VIEWS))
        self.places = [
            (folder, place)
            for folder, part in enumerate(run.training)
            for place in range(len(part.images))
        ]
        self.words = self.trained_words()

    def trained_words(self) -> WordHead:
        """Return the word head, as an earlier part of the run trained it, or trained now."""
        file = self.run.out / "words.safetensors"
        if not file.exists():
            folders = self.run.views
            views = [
                np.concatenate([features_of(folder[view]) for folder in folders])
                for view in range(len(VIEWS))
            ]
            head = train_words(views, self.lessons.tell, self.recipe.words, self.recipe.seed)
            save_file(head.state_dict(), file)
        return WordHead.of(load_file(file))

    def learn(self, epoch: int) -> float:
        """Go through all photos once, and return the mean loss."""
        recipe, losses = self.recipe, []
        steps = recipe.epochs * len(self.lessons)
        torch.manual_seed(recipe.seed + epoch)  # a resumed run draws the same dropout
        batches = self.lessons.epoch(epoch, self.look)
        # The next batch is read from disk while this batch is learnt from.
        with ThreadPoolExecutor(1) as reader:
            coming = reader.submit(next, batches, None)
            for number in range(epoch * len(self.lessons), (epoch + 1) * len(self.lessons)):
                batch = coming.result()
                assert batch is not None
                coming = reader.submit(next, batches, None)
                for group in self.optimizer.param_groups:
                    group["lr"] = group["peak"] * rate(number / steps, recipe.warm_up)
                found = step(self.heads, batch, self.optimizer, recipe)
                decay = min(recipe.average, (number + 1) / (number + 11))
                update_average(self.average, self.heads, decay)
                losses.append(sum(found.values()))
                self.progress(number + 1, steps)
        return sum(losses) / len(losses)

    def look(self, photos: np.ndarray, views: np.ndarray) -> np.ndarray:
        """Return the grids of photos, each in a view, (n, R, C)."""
        grids = self.run.views
        return np.stack([
            grids[folder][view][place]
            for (folder, place), view in zip([self.places[p] for p in photos], views, strict=True)
        ])  # fmt: skip

    def judge(self) -> dict[str, float]:
        """Search the dev photos by their captions; return recalls by name of split."""
        figures: dict[str, float] = {}
        for part, grids in zip(self.run.dev, self.run.dev_grids, strict=True):
            tokens = [tokens_of(self.tokenizer, photo) for photo in part.captions]
            vectors = photo_vectors(self.average.photos, grids)
            found = caption_recalls(vectors, self.average.sentences, tokens)
            figures |= {f"{part.name} {name}": value for name, value in found.items()}
        return figures

    def merit(self, figures: dict[str, float]) -> float:
        """Return the sum of R@1, R@5 and R@10 on the first folder."""
        first = self.run.dev[0].name
        return sum(value for name, value in figures.items() if name.startswith(first))

    def keep(self) -> None:
        """Write the model: it is the best so far."""
        write_heads(self.run.out / "best", self)


def start(networks: Networks, model: Path) -> tuple[Heads, Tokenizer]:
    """Return the towers as training begins with them, and the tokenizer of the sentence encoder."""
    shape = EmbeddingConfig()
    if networks.embedding is None:
        photos, scale = PhotoTower(shape, networks.encoder.config), FIRST_SCALE
        sentences, tokenizer = pretrained_text_tower(shape.dimension)
    else:
        photos, scale = networks.embedding.photos, float(networks.embedding.scale)
        sentences, tokenizer = read_text_tower(model, photos.config.dimension)
    photos.requires_grad_(True)
    return Heads(photos, sentences, scale), tokenizer


def form_numbers(lines: Sequence[str]) -> dict[str, int]:
    """Return the word that each form belongs to, from lines of words.tsv."""
    numbers: dict[str, int] = {}
    for number, line in enumerate(lines):
        for form in line.split("\t")[-1].split():
            numbers.setdefault(form, number)
    return numbers


def write_heads(folder: Path, training: HeadsTraining) -> None:
    """Write a copy of the model with the trained heads."""
    shutil.copytree(training.model, folder, dirs_exist_ok=True)
    numbers = training.lessons.numbers
    texts = sentences_of_all_kinds(training.photos, numbers, training.recipe.seed)
    put_towers(folder, training.average, training.tokenizer, texts)
    put_words(folder, training.words, training.lines)
    sources = [
        (part.name.partition("/")[0], "captions" if place < training.captioned else "classes")
        for place, part in enumerate(training.run.training)
        for _ in part.images
    ]
    name = str(read_settings(training.model)["name"])
    add_run(folder, "train-heads", name, f"{training.recipe.epochs} epochs", sources)


def put_towers(folder: Path, heads: Heads, tokenizer: Tokenizer, texts: Sequence[str]) -> None:
    """Write trained towers into a model folder.

    What follows from them (background, ranking, graphs) is not written: `captioner finish` does
    that.

    Args:
        folder: of the model.
        heads: on the processor.
        tokenizer: of the sentence encoder.
        texts: of all kinds, that hubness is measured by.
    """
    truncation = tokenizer.truncation
    export(heads.sentences, tokenizer, folder)
    if truncation:  # `export` ends it
        tokenizer.enable_truncation(truncation["max_length"])
    sentences = sentence_vectors(heads.sentences, tokens_of(tokenizer, texts))
    scale = float(heads.scale.detach().exp())
    embedding = JointEmbedding(heads.photos, torch.from_numpy(quantise(sentences)), scale)
    shape = asdict(heads.photos.config)
    settings = {"embedding": shape, "finish": {}}  # what was measured of other weights ends
    write_part(folder, named_weights({"embedding": embedding}), settings)


def put_words(folder: Path, head: WordHead, lines: Sequence[str]) -> None:
    """Write a trained word head into a model folder, as `put_towers` does.

    Args:
        folder: of the model.
        head: on the processor.
        lines: of words.tsv.
    """
    (folder / WORDS).write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_part(folder, named_weights({"words": head}), {"finish": {}})


def sentences_of_all_kinds(
    photos: Sequence[Told], numbers: dict[str, int], seed: int, count: int = SENTENCES
) -> list[str]:
    """Draw texts for hubness: half of them short queries, as people type them."""
    chance = np.random.default_rng(seed)
    texts = []
    for place, photo in enumerate(chance.permutation(len(photos)).tolist()):
        told = photos[photo].texts
        text = told[int(chance.integers(len(told)))]
        texts.append((place % 2 and short_query(text, numbers, chance)[0]) or text)
    return texts[:count]
