"""The last step of a model's captions: choice and confidence, fitted on dev photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from captioner.describe.beam import BeamConfig, Hypothesis
from captioner.describe.choice import ChoiceConfig
from captioner.describe.content import ContentWords
from captioner.describe.labels import Labels
from captioner.describe.model_folder import WORDS, write_part
from captioner.describe.tags import sigmoid
from captioner.describe.vocabulary import Vocabulary
from captioner.errors import ModelError
from captioner.networks.beam_step import beam_search
from captioner.networks.networks import Networks
from captioner.training.data import read_split
from captioner.training.fit_captions import fit
from captioner.training.grid_cache import encode_files
from captioner.training.judged import judge, measure

BATCH = 64


def finish_captions(model: Path, folders: Sequence[Path], cache: Path) -> dict[str, float]:
    """Fit choice and confidence on the dev photos of data folders; write them into a model.

    Search is set as `BeamConfig` has it; if the model has graphs, they must be written again.

    Args:
        model: a model folder with a word head; its config.json is written.
        folders: data folders, see `captioner.training.data.read_split`.
        cache: folder for encoded photos.

    Returns:
        The figures of `captioner.training.judged.measure`, by the name of each split and figure.
        They are of the photos that were fitted: a little flattered.

    Raises:
        DataError: a folder has no dev photos.
        ModelError: the folder holds no model, or the model has no word head.
    """
    networks, labels = Networks.read(model), Labels.read(model, WORDS)
    vocabulary = Vocabulary.load(model, networks.decoder.config.vocabulary_size)
    judged = {}
    for folder in folders:
        split = read_split(folder, "dev")
        grids = encode_files(split.images, networks.encoder, cache)
        found, chances = look(networks, vocabulary, labels, grids, model)
        judged[split.name] = judge(found, chances, split.captions, vocabulary, labels)
    choice, confidence = fit(list(judged.values()), ChoiceConfig())
    settings = {
        "beam": asdict(BeamConfig()), "choice": asdict(choice), "confidence": asdict(confidence),
    }  # fmt: skip
    write_part(model, {}, settings)
    return {
        f"{name} {figure}": value
        for name, photos in judged.items()
        for figure, value in measure(photos, choice, confidence).items()
    }


@torch.inference_mode()
def look(
    networks: Networks, vocabulary: Vocabulary, labels: Labels, grids: np.ndarray, model: Path
) -> tuple[list[list[Hypothesis]], np.ndarray]:
    """Return the hypotheses of encoded photos, and the probabilities of the head's words.

    Args:
        networks: of the model.
        vocabulary: of the model.
        labels: of the word head's words.
        grids: region features, (photos, R, C).
        model: the model's folder, for errors.

    Raises:
        ModelError: the model has no word head.
    """
    if networks.words is None:
        raise ModelError(f"the model in {model} has no word head")
    config = BeamConfig()
    kin = ContentWords(vocabulary, labels, config.vocabulary).kin
    found: list[list[Hypothesis]] = []
    logits: list[np.ndarray] = []
    for start in range(0, len(grids), BATCH):
        part = torch.from_numpy(np.array(grids[start : start + BATCH], np.float32))
        found += beam_search(networks.decoder, part, config, kin)
        logits.append(networks.words(part).numpy())
    return found, sigmoid(np.concatenate(logits))
