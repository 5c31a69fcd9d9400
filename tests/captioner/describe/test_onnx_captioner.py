"""The engines that run a model's graphs, against torch where it is installed."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from captioner import Captioner, Description, EngineError, ModelError
from captioner.describe.engines import Engine, is_installed
from captioner.describe.graphs import has_graphs, read_graphs
from captioner.describe.model_folder import (
    PHOTO,
    read_settings,
    read_weights,
    shipped_model,
    write_part,
)
from captioner.describe.network import OPEN, open_onnx
from captioner.describe.onnx_captioner import OnnxCaptioner
from captioner.describe.quantise import dequantise
from captioner.describe.square import to_square

INSTALLED = [name for name in OPEN if is_installed(name)]
needs_torch = pytest.mark.skipif(
    not is_installed(Engine.TORCH), reason="needs torch: pip install 'photosearch[gpu]'"
)


@pytest.fixture(scope="module")
def demo() -> np.ndarray:
    """Five photos that scikit-image brings, (5, 224, 224, 3): more than a slice."""
    data = pytest.importorskip("skimage.data", reason="needs the extra demo")
    names = ("astronaut", "chelsea", "coffee", "rocket", "camera")
    return np.stack([to_square(Image.fromarray(getattr(data, name)()), 224) for name in names])


def text(description: Description) -> str:
    assert description.captions
    return description.captions[0].text


def shown(description: Description) -> list[str]:
    return [tag.text for tag in description.tags or () if tag.shown]


def vector(description: Description) -> np.ndarray:
    return dequantise(np.frombuffer(description.vector or b"", np.int8))


@needs_torch
@pytest.mark.parametrize("engine", INSTALLED)
def test_an_engine_says_what_torch_says(engine: Engine, demo: np.ndarray) -> None:
    model = OnnxCaptioner.load(shipped_model(), engine, threads=2)
    reference = Captioner.load(engine="torch", device="cpu")
    assert (model.config, model.image_size) == (reference.config, reference.image_size)
    assert model.fingerprints == reference.fingerprints
    pairs = zip(model.describe_pixels(demo), reference.describe_pixels(demo), strict=True)
    for ours, theirs in pairs:
        assert (text(ours), shown(ours)) == (text(theirs), shown(theirs))
        assert ours.captions and theirs.captions
        assert ours.captions[0].log_probability == pytest.approx(
            theirs.captions[0].log_probability, abs=1e-3
        )
        assert vector(ours) @ vector(theirs) > 0.9999
        assert ours.hubness == pytest.approx(theirs.hubness, abs=1e-4)


@pytest.mark.parametrize("engine", INSTALLED)
def test_alone_or_in_company_and_only_what_is_asked_for(engine: Engine, demo: np.ndarray) -> None:
    model = OnnxCaptioner.load(shipped_model(), engine, threads=2)
    (alone,) = model.describe_pixels(demo[4:], ("captions",))
    assert text(alone) == text(model.describe_pixels(demo)[4])
    assert (alone.tags, alone.vector) == (None, None)
    assert model.describe_pixels(demo[:0]) == []


def test_bfloat16_is_refused_where_an_engine_has_none() -> None:
    photo, _ = read_graphs(shipped_model())
    with pytest.raises(EngineError, match="ONNX Runtime has no bfloat16"):
        open_onnx(photo, 1, True)


def unlisted(folder: Path) -> None:
    """Let config.json list no files, as in version 0.1.0."""
    settings = read_settings(folder)
    del settings["files"]
    (folder / "config.json").write_text(json.dumps(settings))


class TestFolders:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """A copy of the shipped model."""
        return Path(shutil.copytree(shipped_model(), tmp_path / "model"))

    def test_a_model_without_graphs_is_told_with_the_command(self, folder: Path) -> None:
        (folder / PHOTO).unlink()
        assert not has_graphs(folder)
        with pytest.raises(ModelError, match=f"no graphs: captioner export {folder}") as caught:
            Captioner.load(folder, engine="onnx")
        assert caught.value.exit_code == 3

    @needs_torch
    def test_a_model_of_version_0_1_0_is_described_by_torch(self, folder: Path) -> None:
        for name in ("photo.onnx", "step.onnx", "graphs.json", "labels.tsv", "words.tsv"):
            (folder / name).unlink()
        unlisted(folder)
        notes: list[str] = []
        captioner = Captioner.load(folder, device="cpu", notify=notes.append)
        assert notes and all("no graphs" in note for note in notes)
        pixels = np.full((1, 224, 224, 3), 90, np.uint8)
        shipped = Captioner.load(device="cpu").describe_pixels(pixels)
        (found,) = captioner.describe_pixels(pixels)
        assert (text(found), shown(found)) == (text(shipped[0]), shown(shipped[0]))

    @pytest.mark.parametrize("damage", [b"", b"nonsense"])
    def test_damaged_graphs_are_told(self, folder: Path, damage: bytes) -> None:
        (folder / PHOTO).write_bytes(damage)
        with pytest.raises(ModelError, match=f"photo.onnx in {folder} is damaged: put back"):
            OnnxCaptioner.load(folder, Engine.ONNX)
        unlisted(folder)
        with pytest.raises(ModelError, match="can't be used") as caught:
            OnnxCaptioner.load(folder, Engine.ONNX)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("name", ["graphs.json", "vocabulary.txt", "words.tsv"])
    def test_a_file_that_lost_its_first_line_is_told(self, folder: Path, name: str) -> None:
        (folder / name).write_bytes((folder / name).read_bytes().split(b"\n", 1)[1])
        with pytest.raises(ModelError, match=f"{name} in {folder} is damaged"):
            OnnxCaptioner.load(folder, Engine.ONNX)

    def test_what_no_engine_can_use_is_told_once(self, folder: Path) -> None:
        (folder / "vocabulary.txt").write_bytes(b"dog")
        notes: list[str] = []
        with pytest.raises(ModelError, match=r"vocabulary\.txt in .* is damaged"):
            Captioner.load(folder, device="cpu", notify=notes.append)
        assert notes == []

    def test_a_short_vocabulary_of_version_0_1_0_is_told(self, folder: Path) -> None:
        unlisted(folder)
        file = folder / "vocabulary.txt"
        file.write_bytes(file.read_bytes()[:9000])
        words = read_settings(folder)["decoder"]["vocabulary_size"]
        told = rf"vocabulary\.txt in .* words, not {words}: put back"
        with pytest.raises(ModelError, match=told):
            OnnxCaptioner.load(folder, Engine.ONNX)

    @pytest.mark.parametrize("key", ["encoder", "decoder", "beam", "name", "fingerprints"])
    def test_missing_settings_are_told_without_words_of_python(
        self, folder: Path, key: str
    ) -> None:
        settings = read_settings(folder)
        del settings[key]
        (folder / "config.json").write_text(json.dumps(settings))
        with pytest.raises(ModelError) as caught:
            OnnxCaptioner.load(folder, Engine.ONNX)
        hint = "put back the file that the model came with"
        assert str(caught.value) == f"config.json in {folder} can't be read: {hint}"

    @pytest.mark.filterwarnings("error")  # numpy would warn
    def test_weights_that_make_no_numbers_are_told(self, folder: Path) -> None:
        weights = {n: w for n, w in read_weights(folder).items() if n.startswith("encoder.")}
        variance = "encoder.network.bn2.running_var"
        write_part(folder, {**weights, variance: -weights[variance]}, {})
        with pytest.raises(ModelError, match=f"model.safetensors in {folder} is damaged"):
            OnnxCaptioner.load(folder, Engine.ONNX)

    def test_weights_of_another_shape_are_told(self, folder: Path) -> None:
        words = read_weights(folder)["words.up.weight"]
        write_part(folder, {"words.up.weight": words[:7]}, {})
        with pytest.raises(ModelError, match="can't be used"):
            OnnxCaptioner.load(folder, Engine.ONNX)


@pytest.mark.slow
@needs_torch
def test_all_engines_say_the_same(data_dir: Path) -> None:
    files = sorted((data_dir / "photos").rglob("*.jpg"))[:61]  # no multiple of a batch
    pixels = np.stack([to_square(Image.open(file), 224) for file in files])
    expected = Captioner.load(engine="torch", device="cpu").describe_pixels(pixels)
    for engine in INSTALLED:
        found = OnnxCaptioner.load(shipped_model(), engine, threads=2).describe_pixels(pixels)
        same = sum(map(str.__eq__, map(text, found), map(text, expected)))
        assert same >= 0.95 * len(files), engine
        for ours, theirs in zip(found, expected, strict=True):
            assert shown(ours) == shown(theirs)
            assert vector(ours) @ vector(theirs) > 0.999
            assert ours.hubness == pytest.approx(theirs.hubness, abs=1e-3)
