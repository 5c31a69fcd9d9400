"""The networks of joint training: trunk, heads, decoder and classifier, with their losses."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from captioner.describe.vocabulary import PAD
from captioner.networks.decoder import Decoder
from captioner.networks.encoder import Encoder, pretrained_classifier, pretrained_encoder
from captioner.networks.word_head import WordHead
from captioner.training.heads import Heads, text_losses
from captioner.training.joint_recipe import JointRecipe
from captioner.training.joint_steps import Step
from captioner.training.train_words import words_loss


class JointNetworks(nn.Module):
    """The networks in training. The trunk is the encoder's network."""

    def __init__(
        self, encoder: Encoder, heads: Heads, words: WordHead, decoder: Decoder, classes: nn.Linear
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = heads
        self.words = words
        self.decoder = decoder
        self.classes = classes

    def train(self, mode: bool = True) -> JointNetworks:
        """Set the mode of the heads and the decoder.

        The trunk's batch norms stay in evaluation mode: batches of training would change them.
        """
        super().train(mode)
        self.encoder.eval()
        return self

    def grid(self, images: Tensor) -> Tensor:
        """Return region features of views, (B, 3, S, S) to (B, R, C)."""
        grid: Tensor = self.encoder.network(images).flatten(2).transpose(1, 2)
        return grid


class Teacher(nn.Module):
    """The ImageNet classifier as it was, that the trained classifier shall agree with."""

    def __init__(self, dtype: torch.dtype) -> None:
        """Read the weights.

        Raises:
            EngineError: their package isn't installed.
        """
        super().__init__()
        self.network = pretrained_encoder().for_inference().network
        self.classes = pretrained_linear()
        self.to(dtype=dtype).requires_grad_(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """Return logits of ImageNet's classes for views, (B, 3, S, S) to (B, K)."""
        logits: Tensor = self.classes(self.network(images).mean((2, 3)))
        return logits.float()


def pretrained_linear() -> nn.Linear:
    """Return the ImageNet classifier on the mean region.

    Raises:
        EngineError: the package of its weights isn't installed.
    """
    weight, bias = pretrained_classifier()
    classes = nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        classes.weight.copy_(weight)
        classes.bias.copy_(bias)
    return classes


@dataclass(frozen=True)
class Precision:
    """The numbers in which a device computes."""

    device: torch.device
    bf16: bool

    @property
    def dtype(self) -> torch.dtype:
        """Of views and activations."""
        return torch.bfloat16 if self.bf16 else torch.float32

    def autocast(self) -> torch.autocast:
        """Return the context in which trunk and heads compute."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)


def losses(
    networks: JointNetworks,
    teacher: Teacher,
    step: Step,
    images: Tensor,
    recipe: JointRecipe,
    precision: Precision,
    *,
    trunk: bool,
) -> dict[str, Tensor]:
    """Return the losses of a step by name, each with its weight.

    Args:
        networks: in training.
        teacher: what the classifier shall agree with.
        step: numbers of the photos, their texts, and who shows what.
        images: views of the photos, (B + C, 3, S, S).
        recipe: weights of the losses.
        precision: what to compute in.
        trunk: whether the trunk learns; the classifier learns with it.
    """
    with precision.autocast():
        with torch.set_grad_enabled(trunk):
            grid = networks.grid(images)  # (B + C, R, C)
        vectors = networks.heads.photos(grid).float()  # (B + C, D)
        parts = [networks.heads.sentences(part, (part != 0).long()) for part in step.texts]
        texts = torch.cat(parts).float()[step.back]  # (B + S + C, D)
        words = networks.words(grid).float()
    found = text_losses(networks.heads.scale.exp(), vectors, texts, step, recipe.heads)
    shown = words_loss(words, step.shown, step.told, recipe.heads.words.focus)
    found["words"] = recipe.words_weight * shown
    if len(step.imitated):
        found["decoder"] = decoder_loss(networks.decoder, grid[step.imitated].float(), step, recipe)
    if trunk:
        seen = round(recipe.classifier_share * len(images))
        # Every so many photos: captioned photos and photos with classes.
        some = torch.linspace(0, len(images) - 1, seen, device=images.device).long()
        with precision.autocast():
            now = networks.classes(grid[some].mean(1)).float()
        before = teacher(images[some])
        agreed = functional.kl_div(
            now.log_softmax(-1), before.log_softmax(-1), reduction="batchmean", log_target=True
        )
        found["classifier"] = recipe.classifier_weight * agreed
    return found


def decoder_loss(decoder: Decoder, grid: Tensor, step: Step, recipe: JointRecipe) -> Tensor:
    """Return the mean cross-entropy of each next word, as `train_captioner.step_loss` does.

    It is computed in float32: within autocast, cuDNN's LSTM takes float16, and small gradients
    would be lost.

    Args:
        decoder: in training.
        grid: of the photos whose captions it learns, float32 (I, R, C).
        step: the captions.
        recipe: label smoothing.
    """
    memory, state = decoder.remember(grid, step.said.shape[1])
    previous, following = step.said[:, :, :-1], step.said[:, :, 1:]
    logits, _ = decoder(memory, state, previous, step.wanted)
    targets = following.flatten()[step.wanted]
    smooth = recipe.captions.label_smoothing
    return functional.cross_entropy(logits, targets, ignore_index=PAD, label_smoothing=smooth)


def make_optimizer(networks: JointNetworks, recipe: JointRecipe) -> torch.optim.AdamW:
    """Return AdamW with a peak rate (`peak`) for each network; `trunk` marks the trunk's group."""
    heads, decoder = networks.heads, networks.decoder
    bert = list(heads.sentences.bert.parameters())
    known = {id(parameter) for parameter in bert}
    towers = [*heads.photos.parameters(), *heads.sentences.parameters()]
    trunk = [*networks.encoder.parameters(), *networks.classes.parameters()]
    kinds: list[tuple[list[nn.Parameter], float, float]] = [
        (trunk, recipe.trunk_rate, recipe.trunk_decay),
        ([p for p in towers if id(p) not in known], recipe.heads.towers_rate,
         recipe.heads.weight_decay),
        (bert, recipe.heads.text_rate, recipe.heads.text_decay),
        (list(networks.words.parameters()), recipe.heads.words.rate, recipe.heads.weight_decay),
        (list(decoder.parameters()), recipe.captions.learning_rate, recipe.captions.weight_decay),
    ]  # fmt: skip
    groups = []
    for number, (some, peak, decay) in enumerate(kinds):
        matrices, vectors = ([p for p in some if (p.dim() > 1) is large] for large in (True, False))
        for part, share in ((matrices, decay), (vectors, 0.0)):
            groups.append(
                {"params": part, "peak": peak, "weight_decay": share, "trunk": number == 0}
            )
    groups.append(
        {"params": [heads.scale], "peak": recipe.heads.towers_rate, "weight_decay": 0.0,
         "trunk": False}
    )  # fmt: skip
    fused = heads.scale.device.type == "cuda"
    return torch.optim.AdamW(groups, lr=recipe.heads.towers_rate, betas=(0.9, 0.98), fused=fused)


def rates(done: float, recipe: JointRecipe) -> tuple[float, float]:
    """Return the shares of the peak rates, of heads and decoder, and of the trunk.

    Each is a linear warm-up times half a cosine down to 0; the trunk's warm-up begins later.

    Args:
        done: share of the run, 0 to 1.
        recipe: the warm-ups.
    """
    falling = (1 + math.cos(math.pi * done)) / 2
    rising = min(1.0, done / recipe.heads.warm_up)
    trunk = min(1.0, max(0.0, done - recipe.trunk_from) / recipe.trunk_warm_up)
    return rising * falling, trunk * falling


def averaged(networks: JointNetworks) -> JointNetworks:
    """Return a copy for the running average."""
    return copy.deepcopy(networks).eval()
