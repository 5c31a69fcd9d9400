"""Engines other than torch, against torch."""

from pathlib import Path

import numpy as np
import pytest

from captioner.describe.engines import ENGINES
from captioner.describe.model_folder import shipped_model
from captioner.describe.quantise import dequantise

pytest.importorskip("openvino", reason="needs the extra openvino")


@pytest.mark.slow
def test_all_engines_say_the_same(data_dir: Path, tmp_path: Path) -> None:
    from PIL import Image

    from captioner import Captioner
    from captioner.describe.exported import ExportedCaptioner
    from captioner.describe.square import to_square
    from captioner.training.export import export

    reference = Captioner.load(device="cpu")
    export(reference, tmp_path / "networks")
    assert sorted(file.name for file in (tmp_path / "networks").iterdir()) == [
        "photo.onnx",
        "step.onnx",
    ]
    export(reference, tmp_path / "networks")  # what is there already is kept
    assert [folder.name for folder in tmp_path.iterdir()] == ["networks"]
    files = sorted((data_dir / "photos").rglob("*.jpg"))[:61]  # no multiple of a batch
    pixels = np.stack([to_square(Image.open(file), reference.image_size) for file in files])
    expected = reference.describe_pixels(pixels)
    for engine in ENGINES:
        model = ExportedCaptioner.load(tmp_path / "networks", shipped_model(), engine, 2)
        assert (model.name, model.image_size) == (reference.name, reference.image_size)
        assert model.fingerprints == reference.fingerprints
        found = model.describe_pixels(pixels)
        same = 0
        for ours, theirs in zip(found, expected, strict=True):
            assert ours.captions and theirs.captions and ours.tags and theirs.tags
            same += ours.captions[0].text == theirs.captions[0].text
            assert ours.captions[0].log_probability == pytest.approx(
                theirs.captions[0].log_probability, rel=0.05
            )
            assert [tag.text for tag in ours.tags if tag.shown] == [
                tag.text for tag in theirs.tags if tag.shown
            ]
            one, other = (
                dequantise(np.frombuffer(d.vector or b"", np.int8)) for d in (ours, theirs)
            )
            assert one @ other > 0.999
            assert ours.hubness == pytest.approx(theirs.hubness, abs=1e-3)
        assert same >= 0.95 * len(files), engine
        # Alone or in company, and only what is asked for.
        (alone,) = model.describe_pixels(pixels[:1], ("captions",))
        assert alone.captions is not None and expected[0].captions is not None
        assert alone.captions[0].text == expected[0].captions[0].text
        assert (alone.tags, alone.vector) == (None, None)
        assert model.describe_pixels(pixels[:0]) == []
