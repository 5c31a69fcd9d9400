"""The state of joint training: networks, their running average, and a step of learning."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from captioner.describe.model_folder import WORDS, read_file
from captioner.describe.vocabulary import Vocabulary
from captioner.errors import DataError
from captioner.networks.decoder import Decoder, DecoderConfig
from captioner.networks.encoder import pretrained_encoder
from captioner.networks.networks import Networks
from captioner.networks.word_head import WordHead
from captioner.training import augment
from captioner.training.joint_data import Photos
from captioner.training.joint_networks import (
    JointNetworks,
    Precision,
    Teacher,
    averaged,
    losses,
    make_optimizer,
    pretrained_linear,
    rates,
)
from captioner.training.joint_recipe import JointRecipe
from captioner.training.joint_steps import Step, Steps
from captioner.training.lemmas import choose_words, spellings
from captioner.training.run import update_average
from captioner.training.sources import Photo, Role
from captioner.training.text_tables import TextTables
from captioner.training.tokenizer import tokenize
from captioner.training.train_heads import LEAST_PHOTOS, MOST_WORDS, form_numbers, start
from captioner.training.train_words import WordsRecipe
from captioner.training.word_list import word_lines

FIRST_LOGIT = -6.0  # of all words of a new head: most words are said of few photos


class JointTraining:
    """The networks in training, and the running average of their weights: the average is kept."""

    def __init__(
        self, photos: Photos, model: Path | None, recipe: JointRecipe, precision: Precision
    ) -> None:
        """Start from a model or from pretrained weights, and read the photos' texts.

        Raises:
            DataError: the photos are fewer than a step takes, or no word stands in the captions of
                `LEAST_PHOTOS` photos.
            ModelError: the folder holds no model.
        """
        self.photos = photos
        self.model = model
        self.recipe = recipe
        self.precision = precision
        texts = [photo.texts for photo in photos.photos]
        words = choose_words(texts, LEAST_PHOTOS, MOST_WORDS)
        if not words:
            raise DataError(f"no word stands in the texts of {LEAST_PHOTOS} photos")
        self.lines = word_lines(words, spellings(texts))
        self.numbers = form_numbers(self.lines)
        torch.manual_seed(recipe.heads.seed)
        networks, self.vocabulary = start_networks(photos.photos, model, recipe)
        heads, self.tokenizer = start(networks, model or Path())
        head = start_words(networks, model, self.lines, recipe.heads.words)
        self.tokenizer.enable_truncation(recipe.heads.max_tokens)
        tables = TextTables.build(
            photos.photos, self.numbers, self.tokenizer, self.vocabulary, recipe
        )
        self.steps = Steps(tables, recipe, precision.device)
        classes = networks.tagger.classes if networks.tagger else pretrained_linear()
        joint = JointNetworks(networks.encoder, heads, head, networks.decoder, classes)
        self.networks = joint.requires_grad_(True).to(precision.device)
        self.average = averaged(self.networks)
        self.teacher = Teacher(precision.dtype).to(precision.device)
        self.optimizer = make_optimizer(self.networks, recipe)
        self.generator = torch.Generator(precision.device)

    def begin(self, epoch: int) -> None:
        """Set all chance of an epoch: a resumed run draws the same."""
        torch.manual_seed(self.recipe.heads.seed + epoch)
        self.generator.manual_seed(self.recipe.heads.seed + epoch)

    def learn(self, step: Step, number: int, done: float) -> Tensor:
        """Learn from a step; return its loss, on the device.

        Args:
            step: see `Steps`.
            number: steps before it in the run.
            done: share of the run that is done.
        """
        recipe, networks = self.recipe, self.networks.train()
        device, dtype = self.precision.device, self.precision.dtype
        trunk = done >= recipe.trunk_from
        shares = rates(done, recipe)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * shares[group["trunk"]]
        pixels = self.photos.take(step.photos, step.numbers)
        views = augment.draw(len(pixels), recipe.augment, self.generator, device)
        images = augment.show(pixels, views, dtype)
        found = losses(networks, self.teacher, step, images, recipe, self.precision, trunk=trunk)
        loss = torch.stack(list(found.values())).sum()
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for group in self.optimizer.param_groups:  # each network for itself, see `heads.step`
            nn.utils.clip_grad_norm_(group["params"], recipe.heads.clip)
        self.optimizer.step()
        with torch.no_grad():
            networks.heads.scale.clamp_(max=math.log(recipe.heads.most_scale))
        decay = min(recipe.heads.average, (number + 1) / (number + 11))
        update_average(self.average, networks, decay)
        return loss.detach()


def start_networks(
    photos: Sequence[Photo], model: Path | None, recipe: JointRecipe
) -> tuple[Networks, Vocabulary]:
    """Return the networks and the vocabulary of a model; without one, a new decoder on ImageNet's.

    Raises:
        ModelError: the folder holds no model.
    """
    if model:
        networks = Networks.read(model)
        return networks, Vocabulary.load(model, networks.decoder.config.vocabulary_size)
    captions = [text for p in photos if p.role is Role.CAPTIONS for text in p.texts]
    vocabulary = Vocabulary.build(map(tokenize, captions), recipe.captions.min_count)
    decoder = Decoder(DecoderConfig(len(vocabulary)))
    return Networks(pretrained_encoder(), decoder), vocabulary


def start_words(
    networks: Networks, model: Path | None, lines: Sequence[str], recipe: WordsRecipe
) -> WordHead:
    """Return the word head of a model if it has the same words, else a new head."""
    own = read_file(model, WORDS).decode() if model is not None and networks.words else ""
    if networks.words is not None and own == "\n".join(lines) + "\n":
        return networks.words
    channels = networks.encoder.config.channels
    head = WordHead(channels, len(lines), recipe.rank, recipe.hidden)
    nn.init.constant_(head.up.bias, FIRST_LOGIT)
    return head
