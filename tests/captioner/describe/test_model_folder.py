import json
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from captioner.describe.colours import ColourConfig
from captioner.describe.model_folder import (
    BACKGROUND,
    CLASSES,
    LARGE,
    LISTED,
    SENTENCES,
    VOCABULARY,
    WEIGHTS,
    WORDS,
    check_large_file,
    check_version,
    damaged,
    list_files,
    read_file,
    read_fingerprints,
    read_settings,
    read_weights,
    shipped_model,
    write_part,
    wrong_files,
)
from captioner.describe.tags import TagConfig
from captioner.errors import ModelError


def weights(kind: str, value: float = 1.0) -> dict[str, np.ndarray]:
    return {f"{kind}.layer.weight": np.full((2, 3), value, np.float32)}


def fingerprints(folder: Path) -> dict[str, str]:
    return dict(read_settings(folder)["fingerprints"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    both = {**weights("encoder"), **weights("decoder")}
    write_part(tmp_path, both, {"name": "toy", "beam": {"beam": 3}})
    return tmp_path


def test_a_part_is_put_beside_the_others(folder: Path) -> None:
    write_part(folder, weights("tagger", 2.0), {})
    write_part(folder, weights("tagger", 3.0), {"tags": {"shown": 0.6}})
    found = read_weights(folder)
    assert {name: float(w[0, 0]) for name, w in found.items()} == {
        "encoder.layer.weight": 1.0,
        "decoder.layer.weight": 1.0,
        "tagger.layer.weight": 3.0,
    }
    assert all(w.dtype == np.float16 for w in found.values())
    settings = read_settings(folder)
    assert settings["name"] == "toy" and settings["tags"] == {"shown": 0.6}


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_weights_are_as_open_to_others_as_other_new_files(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        write_part(tmp_path, weights("encoder"), {"name": "toy"})
    finally:
        os.umask(before)
    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert modes == dict.fromkeys([WEIGHTS, "config.json"], 0o666 & ~mask)


def test_weights_in_a_link_are_replaced_only_there(folder: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / WEIGHTS).symlink_to(folder / WEIGHTS)
    (linked / "config.json").write_text("{}")
    before = (folder / WEIGHTS).read_bytes()
    write_part(linked, weights("tagger"), {})
    assert (folder / WEIGHTS).read_bytes() == before != (linked / WEIGHTS).read_bytes()


def test_the_matrices_of_the_word_head_are_narrow_on_disk(folder: Path) -> None:
    random = np.random.default_rng(0)
    matrix = random.normal(size=(5, 7)).astype(np.float32) * np.logspace(-3, 3, 5)[:, None]
    matrix[2] = 0
    bias = random.normal(size=5).astype(np.float32)
    before = fingerprints(folder)
    write_part(folder, {"words.up.weight": matrix, "words.up.bias": bias}, {})
    stored = load_file(folder / "model.safetensors")
    assert stored["words.up.weight"].dtype == np.int8
    assert stored["words.up.bias"].dtype == np.float16
    found = read_weights(folder)
    assert sorted(name for name in found if name.startswith("words")) == [
        "words.up.bias", "words.up.weight"
    ]  # fmt: skip
    step = np.abs(matrix).max(axis=1, keepdims=True) / 127
    assert (np.abs(found["words.up.weight"] - matrix) <= 0.51 * step).all()
    after = fingerprints(folder)
    # The word head takes part in the choice of captions.
    assert [part for part in before if before[part] != after[part]] == ["captions", "tags"]
    # What is written beside them changes nothing, nor does it to write again what was read.
    write_part(folder, weights("embedding"), {})
    write_part(folder, {name: w for name, w in found.items() if name.startswith("words")}, {})
    again = load_file(folder / "model.safetensors")
    assert np.array_equal(again["words.up.weight"], stored["words.up.weight"])


def test_a_model_of_an_earlier_version_is_told_with_what_to_do(folder: Path) -> None:
    write_part(folder, {"tagger.words.weight": np.ones((3, 4), np.float32)}, {})
    with pytest.raises(ModelError) as caught:
        check_version(folder, read_weights(folder))
    assert str(caught.value) == (
        f"the model in {folder} is of an earlier version: no word head: "
        f"captioner train-tags --model {folder} gives it one"
    )
    write_part(folder, weights("tagger"), {})  # what train-tags does
    check_version(folder, read_weights(folder))


def test_a_change_is_seen_in_the_fingerprints_of_what_comes_from_it(folder: Path) -> None:
    before = fingerprints(folder)
    write_part(folder, weights("tagger"), {})
    tagged = fingerprints(folder)
    assert [part for part in before if before[part] != tagged[part]] == ["tags"]
    write_part(folder, weights("embedding"), {})
    embedded = fingerprints(folder)
    assert [part for part in before if embedded[part] != tagged[part]] == ["vectors"]
    (folder / "sentences.onnx").write_bytes(b"another")
    write_part(folder, {}, {"beam": {"beam": 5}})
    after = fingerprints(folder)
    assert [part for part in before if after[part] != embedded[part]] == ["captions", "vectors"]
    write_part(folder, weights("encoder", 9.0), {})
    last = fingerprints(folder)
    assert all(last[part] != after[part] for part in before)


@pytest.mark.parametrize(
    ("name", "parts"), [("labels.tsv", ["tags"]), ("words.tsv", ["captions", "tags"])]
)
def test_names_are_in_the_fingerprints_of_what_comes_from_them(
    folder: Path, name: str, parts: list[str]
) -> None:
    before = fingerprints(folder)
    (folder / name).write_text("dog\tanimal\t\t1\t1\n", encoding="utf-8")
    write_part(folder, {}, {})
    after = fingerprints(folder)
    assert [part for part in before if before[part] != after[part]] == parts


def test_what_counts_as_a_colour_is_in_the_fingerprint_of_tags(folder: Path) -> None:
    before = fingerprints(folder)
    write_part(folder, {}, {"colours": {"rare": 0.1}})
    after = fingerprints(folder)
    assert [part for part in before if before[part] != after[part]] == ["tags"]


def test_the_shipped_model_keeps_all_that_tags_come_from() -> None:
    """A change of a default in the code must not go unnoticed."""
    settings = read_settings(shipped_model())
    assert settings["tags"] == asdict(TagConfig())
    assert settings["colours"] == asdict(ColourConfig())
    for name in (CLASSES, WORDS):
        assert (shipped_model() / name).is_file()


def test_what_search_weighs_changes_no_fingerprint(folder: Path) -> None:
    before = fingerprints(folder)
    write_part(folder, {}, {"ranking": {"bias": -1.0}})
    assert fingerprints(folder) == before


def test_damaged_folders_are_told_in_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"there is no such folder"):
        read_settings(tmp_path / "nowhere")
    (folder / "config.json").write_text("[1]")
    with pytest.raises(ModelError, match="holds no settings"):
        read_settings(folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelError, match="can't be read"):
        read_settings(folder)
    for content in ("{}", '{"fingerprints": 3}', '{"fingerprints": {"tags": "a"}}'):
        (folder / "config.json").write_text(content)
        with pytest.raises(ModelError, match=f"config.json in {folder} can't be read: put back"):
            read_fingerprints(folder)
    (folder / "model.safetensors").write_bytes(b"x")
    with pytest.raises(ModelError, match="can't be read"):
        read_weights(folder)


@pytest.mark.parametrize("name", LISTED)
def test_a_changed_file_is_told_by_its_name(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"whole")
    assert read_file(folder, name) == b"whole"  # not listed yet, as in a folder of 0.1.0
    list_files(folder)
    assert read_file(folder, name) == b"whole"
    (folder / name).write_bytes(b"who")
    with pytest.raises(ModelError, match=f"{name} in {folder} is damaged: put back the file"):
        read_file(folder, name)
    write_part(folder, {}, {})  # whoever writes a part vouches for the files
    assert read_file(folder, name) == b"who"


def test_the_list_of_files_is_no_part_of_fingerprints(folder: Path) -> None:
    before = fingerprints(folder)
    (folder / "graphs.json").write_bytes(b"{}")
    list_files(folder)
    assert set(read_settings(folder)["files"]) == {"graphs.json"}
    assert fingerprints(folder) == before
    write_part(folder, {}, {})
    assert fingerprints(folder) == before


def test_the_shipped_model_lists_its_files() -> None:
    assert set(read_settings(shipped_model())["files"]) == set(LISTED)
    for name in LISTED:
        assert read_file(shipped_model(), name)


@pytest.mark.parametrize("name", LARGE)
def test_a_large_file_of_another_model_is_told(folder: Path, name: str) -> None:
    if name != WEIGHTS:
        (folder / name).write_bytes(bytes(100_000))
        check_large_file(folder, name)  # not listed yet, as in a folder of an earlier version
    write_part(folder, {}, {})
    check_large_file(folder, name)
    assert wrong_files(folder) == []
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1])
    with pytest.raises(ModelError, match=f"{name} in {folder} is damaged.* another model"):
        check_large_file(folder, name)
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"{name} in {folder} can't be read"):
        check_large_file(folder, name)


def test_all_bytes_and_all_links_between_files_are_compared(folder: Path) -> None:
    for name in (SENTENCES, BACKGROUND, VOCABULARY):
        (folder / name).write_bytes(bytes(1_000_000))
    write_part(folder, {}, {})
    assert wrong_files(folder) == []
    content = bytearray(1_000_000)
    content[20_000] = 1  # between two pieces of the sample
    for name in (SENTENCES, BACKGROUND, VOCABULARY):
        (folder / name).write_bytes(content)
        assert wrong_files(folder) == [f"{name} is not the model's own"]
        (folder / name).unlink()
        assert wrong_files(folder) == [f"{name} is missing"]
        (folder / name).write_bytes(bytes(1_000_000))
    (folder / SENTENCES).write_bytes(content)
    list_files(folder)  # somebody vouches for a file of another training
    assert wrong_files(folder) == ["vectors come from weights, files or settings of another model"]


@pytest.mark.parametrize("key", ["files", "large_files"])
def test_files_without_hashes_are_told(folder: Path, key: str) -> None:
    for name in (SENTENCES, VOCABULARY):
        (folder / name).write_bytes(bytes(1000))
    write_part(folder, {}, {})
    settings = read_settings(folder)
    del settings[key]
    (folder / "config.json").write_text(json.dumps(settings))
    (fault,) = wrong_files(folder)
    names = {"files": VOCABULARY, "large_files": f"{WEIGHTS}, {SENTENCES}"}[key]
    assert fault.startswith(f"config.json lacks the hashes of {names}: ")
    assert fault.endswith(f"captioner doctor {folder} --record adds them")
    list_files(folder)
    assert wrong_files(folder) == []


def test_weights_that_are_no_numbers_are_told(folder: Path) -> None:
    file = folder / "model.safetensors"
    content = file.read_bytes()
    file.write_bytes(content[:-4] + b"\xff" * 4)
    with pytest.raises(ModelError, match=f"model.safetensors in {folder} is damaged"):
        read_weights(folder)


def test_the_shipped_model_is_put_back_by_pip() -> None:
    error = damaged(shipped_model(), "photo.onnx")
    assert str(error).endswith("photo.onnx in " + str(shipped_model()) + " is damaged: "
                               "pip install --force-reinstall photosearch")  # fmt: skip
