"""The networks of a model, read from its folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from captioner.describe.model_folder import (
    CONFIG,
    WEIGHTS,
    check_version,
    read_settings,
    read_weights,
    reading,
)
from captioner.networks.decoder import Decoder, DecoderConfig
from captioner.networks.embedding import EmbeddingConfig, JointEmbedding, PhotoTower
from captioner.networks.encoder import Encoder, EncoderConfig
from captioner.networks.tagger import Tagger
from captioner.networks.word_head import WordHead


@dataclass
class Networks:
    """The networks of a model; it may lack the tagger, the word head and the embedding."""

    encoder: Encoder
    decoder: Decoder
    tagger: Tagger | None = None
    words: WordHead | None = None
    embedding: JointEmbedding | None = None

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the networks of a model folder, as they were trained, in evaluation mode.

        Raises:
            ModelError: the folder holds no model, its files don't fit together, or it is of an
                earlier version.
        """
        settings, named = read_settings(folder), read_weights(folder)
        check_version(folder, named)
        weights = _grouped(named)
        encoder = _encoder(folder, settings, weights)
        with reading(folder, CONFIG):
            decoder = Decoder(DecoderConfig(**settings["decoder"]))
            shape = EmbeddingConfig(**settings.get("embedding", {}))
        with reading(folder, WEIGHTS):
            decoder.load_state_dict(weights["decoder"])
            networks = cls(encoder, decoder)
            if "tagger" in weights:
                classes, channels = weights["tagger"]["classes.weight"].shape
                networks.tagger = Tagger(channels, classes)
                networks.tagger.load_state_dict(weights["tagger"])
            if "words" in weights:
                networks.words = WordHead.of(weights["words"])
            if "embedding" in weights:
                tower = PhotoTower(shape, encoder.config)
                networks.embedding = JointEmbedding(tower, weights["embedding"]["sentences"], 0.0)
                networks.embedding.load_state_dict(weights["embedding"])
        for module in networks.modules().values():
            module.eval().requires_grad_(False)
        return networks

    def for_inference(self, device: torch.device) -> Networks:
        """Return the networks on a device, batch norms of the encoder folded away."""
        for module in self.modules().values():
            module.to(device)
        return replace(self, encoder=self.encoder.for_inference(), decoder=self.decoder.eval())

    def modules(self) -> dict[str, nn.Module]:
        """Return the networks that the model has, by the name that their weights begin with."""
        named: dict[str, nn.Module | None] = {
            "encoder": self.encoder,
            "decoder": self.decoder,
            "tagger": self.tagger,
            "words": self.words,
            "embedding": self.embedding,
        }
        return {name: module for name, module in named.items() if module is not None}


def read_encoder(folder: Path) -> Encoder:
    """Read the encoder of a model folder alone, as it was trained, in evaluation mode.

    Raises:
        ModelError: the folder holds no model, or its files don't fit together.
    """
    encoder = _encoder(folder, read_settings(folder), _grouped(read_weights(folder)))
    return encoder.eval().requires_grad_(False)


def _encoder(
    folder: Path, settings: Mapping[str, Any], weights: Mapping[str, dict[str, Tensor]]
) -> Encoder:
    with reading(folder, CONFIG):
        encoder = Encoder(EncoderConfig(**settings["encoder"]))
    with reading(folder, WEIGHTS):
        encoder.load_state_dict(weights["encoder"])
    return encoder


def named_weights(modules: dict[str, nn.Module]) -> dict[str, np.ndarray]:
    """Return the weights of modules as arrays; each name begins with its module's name."""
    return {
        f"{kind}.{name}": value.detach().cpu().numpy()
        for kind, module in modules.items()
        for name, value in module.state_dict().items()
    }


def _grouped(weights: dict[str, np.ndarray]) -> dict[str, dict[str, Tensor]]:
    """Return weights by module."""
    groups: dict[str, dict[str, Any]] = {}
    for name, weight in weights.items():
        kind, _, rest = name.partition(".")
        groups.setdefault(kind, {})[rest] = torch.from_numpy(weight)
    return groups
