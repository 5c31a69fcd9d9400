"""What caption search costs: settings of the beam in turns, each against the whole description.

python benchmarks/beam_speed.py --data FOLDER        # needs the extra train

The times are processor seconds of one thread, so that other programs disturb them little. Compare
the ratios of one run only.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from captioner.describe.beam import BeamConfig, Hypothesis, search
from captioner.describe.config import CaptionerConfig
from captioner.describe.engines import Engine, is_installed
from captioner.describe.graphs import SLICE, Graph
from captioner.describe.labels import TagLabels
from captioner.describe.model_folder import read_settings, read_weights, shipped_model
from captioner.describe.network import OPEN, Network
from captioner.describe.outputs import CaptionMaker
from captioner.describe.vocabulary import Vocabulary
from captioner.networks.beam_step import beam_search, begin
from captioner.networks.networks import Networks
from captioner.training.data import read_split
from captioner.training.export import export_step
from captioner.training.pixels import load

OLD = BeamConfig(beam=3, kept=3, vocabulary=10**9)
SETTINGS = {
    "beam 3, all words": OLD,
    "beam 3": BeamConfig(beam=3),
    "beam 5": BeamConfig(beam=5),
    "beam 10": BeamConfig(beam=10),
    "beam 10, all words": replace(OLD, beam=10, kept=15),
}
Found = list[list[Hypothesis]]


def seconds(work: Callable[[], object]) -> float:
    """Return the processor seconds of one call."""
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, default=os.environ.get("PHOTOSEARCH_DATA"))
    parser.add_argument("--model", type=Path, default=shipped_model())
    parser.add_argument("--photos", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    networks, settings = Networks.read(options.model), read_settings(options.model)
    assert networks.words is not None
    labels = TagLabels.load(options.model)
    size = networks.decoder.config.vocabulary_size
    vocabulary = Vocabulary.load(options.model, size)
    config = CaptionerConfig.of(settings)
    makers = {
        name: CaptionMaker(vocabulary, labels.words, replace(config, beam=beam))
        for name, beam in SETTINGS.items()
    }
    split = read_split(Path(options.data) / "flickr8k", "dev")
    pixels = np.stack([load(file, 224) for file in split.images[: options.photos]])
    encoder = networks.encoder.for_inference()
    with torch.inference_mode():
        grid = torch.cat([encoder(torch.from_numpy(pixels[at : at + SLICE]))
                          for at in range(0, len(pixels), SLICE)]).float()  # fmt: skip
        logits = networks.words(grid).numpy()
    engines: dict[str, dict[str, Callable[[], Found]]] = {
        "torch": {
            name: partial(beam_search, networks.decoder, grid, beam, makers[name].content.kin)
            for name, beam in SETTINGS.items()
        }
    }
    weights = read_weights(options.model)
    for installed in (engine for engine in OPEN if is_installed(engine)):
        engines[installed] = {
            name: _searcher(installed, networks, weights, grid, beam, makers[name].content.kin)
            for name, beam in SETTINGS.items()
        }
    encode = [
        seconds(lambda: [encoder(torch.from_numpy(pixels[at : at + SLICE]))
                         for at in range(0, len(pixels), SLICE)])
        for _ in range(options.rounds)
    ]  # fmt: skip
    each = 1000 / len(pixels)
    print(f"encoder (torch): {each * statistics.median(encode):.1f} ms a photo")
    for engine, searchers in engines.items():
        taken: dict[str, list[float]] = {name: [] for name in SETTINGS}
        for _ in range(options.rounds):
            for name, run in searchers.items():
                taken[name].append(seconds(run))
        found = searchers["beam 5"]()
        choice = seconds(partial(makers["beam 5"].captions, found, logits))
        print(f"{engine}: choice {each * choice:.2f} ms a photo")
        for name, times in taken.items():
            print(f"  {name:20} {each * statistics.median(times):6.1f} ms a photo")


def _searcher(
    engine: Engine,
    networks: Networks,
    weights: dict[str, np.ndarray],
    grid: torch.Tensor,
    beam: BeamConfig,
    kin: np.ndarray,
) -> Callable[[], Found]:
    """Return a search of all photos on an engine, in slices as large as a thread's share."""
    regions = networks.encoder.config.regions
    network, names = export_step(networks.decoder, beam, regions, weights.keys())
    taken = {n: weights[n].astype(np.float32) for n in names}
    run: Network = OPEN[engine](Graph(network, taken), 1, False)
    with torch.inference_mode():
        keys, values, h, c = (x.numpy() for x in begin(networks.decoder, grid, beam.beam))

    def step(
        memory: Sequence[Any], state: Sequence[Any], barred: np.ndarray, total: np.ndarray
    ) -> tuple[Any, Any, Any, Any, Sequence[Any]]:
        ends, totals, parents, words, hidden, cell = run([*memory, *state, barred, total])
        return ends, totals, parents, words, (hidden, cell)

    return lambda: search(step, (keys, values), (h, c), beam, kin)


if __name__ == "__main__":
    main()
