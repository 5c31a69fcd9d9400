"""Export of a model's networks as ONNX graphs, for engines other than torch."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import warnings
from collections.abc import Collection
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from captioner.describe.beam import BeamConfig
from captioner.describe.config import CaptionerConfig
from captioner.describe.content import KIN
from captioner.describe.graphs import SLICE
from captioner.describe.model_folder import (
    NAMES,
    PHOTO,
    STEP,
    list_files,
    read_settings,
    read_weights,
)
from captioner.errors import EngineError, ModelError
from captioner.networks.beam_step import BeamStep, begin
from captioner.networks.decoder import Decoder
from captioner.networks.networks import Networks


class PhotoNetwork(nn.Module):
    """The network of all that a model computes from a photo before the first word."""

    def __init__(self, networks: Networks, beam: int) -> None:
        """Take the networks of a model.

        Raises:
            ModelError: the model lacks tags or vectors.
        """
        super().__init__()
        if networks.tagger is None or networks.words is None or networks.embedding is None:
            raise ModelError("a model without tags or without vectors has no graphs")
        self.encoder = networks.encoder
        self.decoder = networks.decoder
        self.tagger = networks.tagger
        self.words = networks.words
        self.embedding = networks.embedding
        self.beam = beam

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Return the start of search, logits of classes and words, vectors and hubness.

        Args:
            pixels: uint8 RGB, (B, S, S, 3).

        Returns:
            Keys, values, h and c of `captioner.networks.beam_step.begin`; logits of classes and
            words, (B, K) and (B, W); vectors (B, D) and hubness (B,).
        """
        images = self.encoder.normalise(pixels.permute(0, 3, 1, 2))  # (B, 3, S, S)
        grid = self.encoder.network(images).flatten(2).transpose(1, 2)  # (B, R, C)
        first = begin(self.decoder, grid, self.beam)
        return (*first, self.tagger(grid), self.words(grid), *self.embedding(grid))


def write_graphs(folder: Path) -> None:
    """Write the graphs of a model's networks into its folder; present graphs are replaced.

    Graphs hold no weights: engines take the weights from `model.safetensors`. So graphs change only
    if the shape of a network or a setting of the beam changes.

    Args:
        folder: of a model with tags and vectors.

    Raises:
        EngineError: onnx or onnxscript isn't installed.
        ModelError: the folder holds no model, or the model lacks tags or vectors.
    """
    networks, settings = Networks.read(folder), read_settings(folder)
    config = CaptionerConfig.of(settings).beam
    shape = networks.encoder.config
    photo = PhotoNetwork(networks, config.beam).eval()
    pixels = torch.zeros(SLICE, shape.image_size, shape.image_size, 3, dtype=torch.uint8)
    known = read_weights(folder).keys()
    # A fixed number of photos: then the exporter takes half the time.
    graphs = {
        PHOTO: _graph(photo, (pixels,), None, known),
        STEP: export_step(networks.decoder, config, shape.regions, known),
    }
    for name, (network, _) in graphs.items():
        (folder / name).write_bytes(network)
    names = {name: taken for name, (_, taken) in graphs.items()}
    (folder / NAMES).write_text(json.dumps(names, indent=1) + "\n", encoding="utf-8")
    list_files(folder)


def export_step(
    decoder: Decoder, config: BeamConfig, regions: int, known: Collection[str]
) -> tuple[bytes, list[str]]:
    """Return the graph of a step of beam search, and the names of the weights that it takes.

    Args:
        decoder: of the model.
        config: width, length and words of the search.
        regions: R, the regions of a photo.
        known: the names of all weights of the model.

    Raises:
        EngineError: onnx or onnxscript isn't installed.
    """
    with torch.no_grad():
        first = begin(decoder, torch.zeros(SLICE, regions, decoder.config.channels), config.beam)
    state = (SLICE, config.beam)
    barred = torch.ones(*state, 1 + KIN * config.max_words, dtype=torch.long)
    inputs = (*first, barred, torch.zeros(state))
    step = BeamStep(decoder, config.vocabulary).eval()
    return _graph(step, inputs, tuple({0: "photos"} for _ in inputs), known)


def add_graphs(folder: Path) -> None:
    """If a model has tags and vectors, write its graphs.

    Raises:
        EngineError: onnx or onnxscript isn't installed.
    """
    kinds = {name.partition(".")[0] for name in read_weights(folder)}
    if {"tagger", "words", "embedding"} <= kinds:
        write_graphs(folder)


def _graph(
    network: nn.Module,
    inputs: tuple[Tensor, ...],
    varying: tuple[dict[int, str], ...] | None,
    known: Collection[str],
) -> tuple[bytes, list[str]]:
    """Return a network without its weights, and the names of the weights that it takes."""
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise EngineError(
            "graphs are made with onnx", "pip install 'photosearch[train]'"
        ) from error
    model = _exported(network, inputs, varying, known)
    graph = model.graph
    used = {name for node in graph.node for name in node.input}
    weights = [value for value in graph.input if value.name in known and value.name in used]
    kept = [value for value in graph.input if value.name not in known]
    del graph.input[:]
    graph.input.extend(kept)
    for value in weights:
        kind = value.type.tensor_type
        weight = graph.initializer.add(
            name=value.name,
            data_type=kind.elem_type,
            dims=[size.dim_value for size in kind.shape.dim],
            data_location=onnx.TensorProto.EXTERNAL,
        )
        weight.external_data.add(key="location", value="model.safetensors")
    graph.ClearField("value_info")  # shapes between layers: engines compute them
    for part in (model, graph, *graph.node):
        part.ClearField("metadata_props")  # lines of Python
        part.ClearField("doc_string")
    return model.SerializeToString(deterministic=True), sorted(value.name for value in weights)


def _exported(
    network: nn.Module,
    inputs: tuple[Tensor, ...],
    varying: tuple[dict[int, str], ...] | None,
    known: Collection[str],
) -> Any:
    """Return a network in ONNX's format, with its weights as inputs.

    If weights were no inputs, the exporter would fold them into new tensors, which a model folder
    doesn't have. Batch norms stay in the graph: engines fold them into convolutions.
    """
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        # The exporter prints its progress to stdout, and warns of its own code.
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                network, inputs, dynamic_shapes=varying, dynamo=True, optimize=False, verbose=False
            )
            assert program is not None
            graph = program.model.graph
            for name, value in list(graph.initializers.items()):
                if name in known:
                    del graph.initializers[name]
                    value.const_value = None
                    graph.inputs.append(value)
            program.optimize()
    finally:
        logger.setLevel(level)
    return program.model_proto
