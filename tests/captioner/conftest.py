from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 40), "blue": (40, 60, 220), "grey": (128,) * 3}

# In these folders all modules but the named ones import torch.
TORCH_FREE: dict[str, tuple[str, ...]] = {
    "networks": (),
    "training": (
        "test_data.py",
        "test_lemmas.py",
        "test_metrics.py",
        "test_shards.py",
        "test_short_queries.py",
        "test_sources.py",
        "test_tokenizer.py",
        "test_word_list.py",
    ),
}


class NeedsTorch(pytest.Module):
    """A module that can't be imported here."""

    def collect(self) -> list[pytest.Item | pytest.Collector]:
        pytest.skip("needs torch: pip install 'photosearch[train]'", allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> NeedsTorch | None:
    """Skip what imports torch where there is none."""
    free = TORCH_FREE.get(module_path.parent.name)
    if free is None or module_path.name in free or find_spec("torch"):
        return None
    module: NeedsTorch = NeedsTorch.from_parent(parent, path=module_path)
    return module


@pytest.fixture
def toy_data(tmp_path: Path) -> Path:
    """A data folder of eight plain photos whose captions name their colour and shade."""
    folder = tmp_path / "toy"
    (folder / "images").mkdir(parents=True)
    (folder / "splits").mkdir()
    lines, names = [], []
    for colour, rgb in COLOURS.items():
        for shade, factor in (("bright", 1.0), ("dark", 0.4)):
            name = f"{shade}-{colour}.png"
            pixels = np.full((32, 32, 3), rgb) * factor
            Image.fromarray(pixels.astype(np.uint8)).save(folder / "images" / name)
            names.append(name)
            lines += [f"{name}\tA {shade} {colour} wall .", f"{name}\ta wall that is {colour}"]
    (folder / "captions.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for split in ("train", "dev"):
        (folder / "splits" / f"{split}.txt").write_text("\n".join(names) + "\n")
    return folder
