"""Model folders: the files of models on disk, and how their damage is told."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shlex
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from captioner.describe.description import Part
from captioner.describe.large_files import sample_hash, whole_hash
from captioner.errors import CaptionerError, ModelError

CONFIG, WEIGHTS, VOCABULARY = "config.json", "model.safetensors", "vocabulary.txt"
CLASSES, WORDS = "labels.tsv", "words.tsv"  # the labels of the classifier and of the word head
# The network of all that is computed from a photo before the first word, and the network of one
# step of beam search; see `captioner.training.export`. Then the names of the weights they take.
PHOTO, STEP, NAMES = "photo.onnx", "step.onnx", "graphs.json"
SENTENCES, TOKENIZER, BACKGROUND = "sentences.ort", "tokenizer.json", "background.npz"
SENTENCES_ONNX = "sentences.onnx"  # in place of SENTENCES, in models made up to version 0.1.0
SELF_TEST = "self_test.json"  # see `captioner.describe.self_test`

# Matrices whose names begin so are stored as int8, with a scale for each row under the matrix's
# name and SCALE. As float16, the word head and the decoder's word vectors would be 8 MB larger.
NARROW, SCALE = ("words.", "decoder.embedding."), ".scale"

# The small files whose damage could go unnoticed. config.json lists their hashes under `files`, and
# they are compared whenever such a file is read.
LISTED = (VOCABULARY, CLASSES, WORDS, PHOTO, STEP, NAMES, TOKENIZER, SELF_TEST)
# config.json lists two hashes of each of these files under `large_files`: see `check_large_file`.
LARGE = (WEIGHTS, SENTENCES, BACKGROUND)


@dataclass(frozen=True)
class Source:
    """The contents of a model folder that change a part of a description."""

    weights: tuple[str, ...]  # prefixes of their names
    files: tuple[str, ...]
    settings: tuple[str, ...]  # keys of config.json


SOURCES = {
    Part.CAPTIONS: Source(
        ("encoder.", "decoder.", "words."),
        (VOCABULARY, WORDS),
        ("encoder", "decoder", "beam", "choice", "confidence"),
    ),
    Part.TAGS: Source(
        ("encoder.", "tagger.", "words."), (CLASSES, WORDS), ("encoder", "tags", "colours")
    ),
    Part.VECTORS: Source(
        ("encoder.", "embedding."), (SENTENCES, SENTENCES_ONNX), ("encoder", "embedding")
    ),
}


def shipped_model() -> Path:
    """Return the folder of the model that comes with this package."""
    return Path(str(resources.files("captioner") / "models" / "default"))


def remedy(folder: Path, otherwise: str) -> str:
    """Return what a person can do about a model folder that can't be used.

    Args:
        folder: of the model.
        otherwise: what helps if the model is not the shipped model.
    """
    shipped = folder.resolve() == shipped_model().resolve()
    return "pip install --force-reinstall photosearch" if shipped else otherwise


def damaged(folder: Path, name: str, problem: str = "is damaged") -> ModelError:
    """Return the error for a file of a model folder that can't be used."""
    hint = remedy(folder, "put back the file that the model came with")
    return ModelError(f"{name} in {folder} {problem}", hint)


@contextlib.contextmanager
def reading(folder: Path, name: str) -> Iterator[None]:
    """Turn errors of reading a file of a model folder into errors for people.

    Raises:
        ModelError: in place of the error, if the file is damaged or missing.
    """
    try:
        yield
    except (CaptionerError, ImportError, MemoryError):
        raise
    except OSError as error:
        reason = f" ({error.strerror.lower()})" if error.strerror else ""
        raise damaged(folder, name, f"can't be read{reason}") from error
    except Exception as error:  # a damaged file may raise anything
        raise damaged(folder, name, "can't be read") from error


def read_settings(folder: Path) -> dict[str, Any]:
    """Read a model's config.json.

    Raises:
        ModelError: the folder holds no model, or the file is damaged.
    """
    file = folder / CONFIG
    with reading(folder, CONFIG):
        if not file.exists():
            hint = remedy(folder, "name the folder of a model")
            what = f"{CONFIG} is missing" if folder.is_dir() else "there is no such folder"
            raise ModelError(f"no model in {folder}: {what}", hint)
        settings = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(settings, dict):
        raise damaged(folder, CONFIG, "holds no settings")
    return settings


def read_fingerprints(folder: Path) -> dict[str, str]:
    """Read the fingerprint of each part of a model's descriptions.

    Raises:
        ModelError: the folder holds no model, or config.json is damaged.
    """
    settings = read_settings(folder)
    with reading(folder, CONFIG):
        return {part: str(settings["fingerprints"][part]) for part in Part}


def read_image_size(folder: Path) -> int:
    """Read the side of the square that a model takes, in pixels.

    Raises:
        ModelError: the folder holds no model, or config.json is damaged.
    """
    settings = read_settings(folder)
    with reading(folder, CONFIG):
        return int(settings["encoder"]["image_size"])


def read_file(folder: Path, name: str) -> bytes:
    """Read a file of a model folder.

    A model of version 0.1.0 lists no hashes: nothing is compared.

    Raises:
        ModelError: the file is missing, or its hash is not the hash that config.json lists.
    """
    listed = _listed(folder).get(name)
    with reading(folder, name):
        content = (folder / name).read_bytes()
    if listed not in (None, _hash(content)):
        raise damaged(folder, name)
    return content


def check_large_file(folder: Path, name: str) -> None:
    """Refuse a file of another model; `name` is one of `LARGE`.

    Only a sample of the file is compared: see `wrong_files` for all of it. An earlier version's
    model lists no hashes: nothing is compared.

    Raises:
        ModelError: the file is missing, or it is not the file that config.json lists.
    """
    listed = _listed(folder, "large_files").get(name)
    with reading(folder, name):
        found = sample_hash(folder / name)
    if listed is not None and listed["sample"] != found:
        raise damaged(folder, name, "is damaged, or may belong to another model")


def wrong_files(folder: Path) -> list[str]:
    """Return what is wrong with a model's files, a line each; all their bytes are compared.

    Raises:
        ModelError: the folder holds no model, the model is of an earlier version, or config.json or
            the weights can't be read.
    """
    settings, weights = read_settings(folder), read_weights(folder)
    check_version(folder, weights)
    listed = _listed(folder) | {n: h["whole"] for n, h in _listed(folder, "large_files").items()}
    unlisted = [n for n in (*LISTED, *LARGE) if n not in listed and (folder / n).exists()]
    cure = remedy(folder, f"captioner doctor {shlex.quote(str(folder))} --record adds them")
    wrong = [
        f"{CONFIG} lacks the hashes of {', '.join(unlisted)}: nobody can tell whether they belong "
        f"to this model: if they do, {cure}"
    ] * bool(unlisted)
    wrong += [
        f"{name} is missing" if not (folder / name).exists() else f"{name} is not the model's own"
        for name, expected in listed.items()
        if not (folder / name).exists() or whole_hash(folder / name) != expected
    ]
    known = read_fingerprints(folder)
    return wrong or [
        f"{part} come from weights, files or settings of another model"
        for part in Part
        if fingerprint(folder, part, weights, settings) != known[part]
    ]


def has_file(folder: Path, name: str) -> bool:
    """Return whether a model has a file: it is in the folder, or config.json lists it."""
    return (folder / name).exists() or name in _listed(folder)


def read_weights(folder: Path) -> dict[str, np.ndarray]:
    """Read a model's weights by name; matrices that are stored as int8 become float32.

    Raises:
        ModelError: the file is missing, damaged or another model's, or a weight is not finite.
    """
    return _widened(_read_stored(folder))


def check_version(folder: Path, weights: Collection[str]) -> None:
    """Check that a model is of this version, by the names of its weights.

    Raises:
        ModelError: the model is of an earlier version, which had no word head.
    """
    if "tagger.words.weight" in weights:
        hint = remedy(folder, f"captioner train-tags --model {folder} gives it one")
        raise ModelError(f"the model in {folder} is of an earlier version: no word head", hint)


def _read_stored(folder: Path) -> dict[str, np.ndarray]:
    """Read a model's weights as they are stored; see `read_weights`."""
    from safetensors.numpy import load_file

    check_large_file(folder, WEIGHTS)
    with reading(folder, WEIGHTS):
        weights = dict(load_file(folder / WEIGHTS))
    if not all(np.isfinite(weight).all() for weight in weights.values()):
        raise damaged(folder, WEIGHTS)
    return weights


def write_part(
    folder: Path, weights: Mapping[str, np.ndarray], settings: Mapping[str, object]
) -> None:
    """Write weights and settings into a model folder.

    The weights replace all weights of the same kind: names alike up to the first dot. Floats are
    stored as float16, the matrices `NARROW` as int8. Call it after the other files of the
    part are written, because it computes the fingerprints and the hashes of files.
    """
    from safetensors.numpy import save

    folder.mkdir(parents=True, exist_ok=True)
    kinds = {_kind(name) for name in weights}
    before = _read_stored(folder) if (folder / WEIGHTS).exists() else {}
    kept = {name: w for name, w in before.items() if _kind(name) not in kinds}
    stored = {key: w for name, weight in weights.items() for key, w in _stored(name, weight)}
    merged = {name: np.ascontiguousarray(w) for name, w in sorted({**kept, **stored}.items())}
    written = folder / f"{WEIGHTS}.new"  # safetensors' own file would be closed to other users
    written.write_bytes(save(merged))
    written.replace(folder / WEIGHTS)
    known = read_settings(folder) if (folder / CONFIG).exists() else {}
    known = {**known, **settings}
    wide = _widened(merged)
    fingerprints = {part: fingerprint(folder, part, wide, known) for part in Part}
    if known.get("fingerprints") != fingerprints:
        (folder / SELF_TEST).unlink(missing_ok=True)  # it was recorded with other weights
    _write_settings(folder, {**known, "fingerprints": fingerprints})


def _widened(stored: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return weights by name, from the arrays in which they are stored."""
    return {
        name: weight * stored[name + SCALE] if name + SCALE in stored else weight
        for name, weight in stored.items()
        if not name.endswith(SCALE) or name.removesuffix(SCALE) not in stored
    }


def _stored(name: str, weight: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Return the arrays in which a weight is stored, with their names."""
    if weight.dtype.kind != "f":
        return [(name, weight)]
    if not name.startswith(NARROW) or weight.ndim != 2:
        return [(name, weight.astype(np.float16))]
    most = np.abs(weight).max(axis=1, keepdims=True)
    scale = (np.where(most > 0, most, 1.0) / 127).astype(np.float32)  # (rows, 1)
    return [(name, np.rint(weight / scale).astype(np.int8)), (name + SCALE, scale)]


def _kind(name: str) -> str:
    return name.partition(".")[0]


def list_files(folder: Path) -> None:
    """Bring the hashes of files in config.json up to date, after files are written or edited.

    Raises:
        ModelError: the folder holds no model.
    """
    _write_settings(folder, read_settings(folder))


def _write_settings(folder: Path, settings: Mapping[str, object]) -> None:
    present = [name for name in LISTED if (folder / name).exists()]
    files = {name: _hash((folder / name).read_bytes()) for name in present}
    large = {
        name: {"sample": sample_hash(folder / name), "whole": whole_hash(folder / name)}
        for name in LARGE
        if (folder / name).exists()
    }
    text = json.dumps({**settings, "files": files, "large_files": large}, indent=1)
    (folder / CONFIG).write_text(text + "\n", encoding="utf-8")


def _listed(folder: Path, key: str = "files") -> dict[str, Any]:
    """Return the hashes of files that config.json lists under a key, by name."""
    settings = read_settings(folder)
    with reading(folder, CONFIG):
        return dict(settings.get(key, {}))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


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
