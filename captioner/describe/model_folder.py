"""Model folders: settings, weights and fingerprints of models on disk."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from captioner.describe.description import Part
from captioner.errors import ModelError

CLASSES, WORDS = "labels.tsv", "words.tsv"  # the labels of the two classifiers


@dataclass(frozen=True)
class Source:
    """The contents of a model folder that change a part of a description."""

    weights: tuple[str, ...]  # prefixes of their names
    files: tuple[str, ...]
    settings: tuple[str, ...]  # keys of config.json


SOURCES = {
    Part.CAPTIONS: Source(
        ("encoder.", "decoder."), ("vocabulary.txt",), ("encoder", "decoder", "beam")
    ),
    Part.TAGS: Source(("encoder.", "tagger."), (CLASSES, WORDS), ("encoder", "tags", "colours")),
    Part.VECTORS: Source(("encoder.", "embedding."), ("sentences.onnx",), ("encoder", "embedding")),
}


def shipped_model() -> Path:
    """Return the folder of the model that comes with this package."""
    return Path(str(resources.files("captioner") / "models" / "default"))


@contextlib.contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Turn errors of reading a model folder's files into errors for people.

    Raises:
        ModelError: in place of the error, if a file is damaged or missing.
    """
    try:
        yield
    except (OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"the model in {folder} can't be read: {reason}") from error


def read_settings(folder: Path) -> dict[str, Any]:
    """Read a model's config.json.

    Raises:
        ModelError: the folder holds no model, or the file is damaged.
    """
    file = folder / "config.json"
    if not file.exists():
        raise ModelError(f"no model in {folder}: config.json is missing")
    with reading(folder):
        settings = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(settings, dict):
        raise ModelError(f"the model in {folder} can't be read: config.json holds no settings")
    return settings


def read_weights(folder: Path) -> dict[str, np.ndarray]:
    """Read a model's weights by name.

    Raises:
        ModelError: the file is missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    with reading(folder):
        try:
            return dict(load_file(folder / "model.safetensors"))
        except SafetensorError as error:
            raise ValueError(error) from error


def write_part(
    folder: Path, weights: Mapping[str, np.ndarray], settings: Mapping[str, object]
) -> None:
    """Write weights and settings into a model folder.

    The weights replace all weights of the same kind: names alike up to the first dot. Floats are
    stored as float16. Call it after the other files of the part are written, because it computes
    the fingerprints.
    """
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    kinds = {name.partition(".")[0] for name in weights}
    before = read_weights(folder) if (folder / "model.safetensors").exists() else {}
    kept = {name: w for name, w in before.items() if name.partition(".")[0] not in kinds}
    halves = {n: w.astype(np.float16) if w.dtype.kind == "f" else w for n, w in weights.items()}
    merged = {name: np.ascontiguousarray(w) for name, w in sorted({**kept, **halves}.items())}
    save_file(merged, folder / "model.safetensors")
    file = folder / "config.json"
    known = read_settings(folder) if file.exists() else {}
    known = {**known, **settings}
    known["fingerprints"] = {part: fingerprint(folder, part, merged, known) for part in Part}
    file.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


def fingerprint(
    folder: Path, part: Part, weights: Mapping[str, np.ndarray], settings: Mapping[str, object]
) -> str:
    """Return a short hash of all contents that change a part of a description."""
    source = SOURCES[part]
    chosen = {name: settings.get(name) for name in source.settings}
    digest = hashlib.sha256(json.dumps([part, chosen], sort_keys=True).encode())
    for name in source.files:
        if (folder / name).exists():
            digest.update((folder / name).read_bytes())
    for name, weight in sorted(weights.items()):
        if name.startswith(source.weights):
            digest.update(f"{name} {weight.dtype} {weight.shape}\n".encode())
            digest.update(weight.tobytes())
    return digest.hexdigest()[:16]
