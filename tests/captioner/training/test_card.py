import json
import shutil
from pathlib import Path

import pytest

from captioner.describe.model_folder import CONFIG, shipped_model
from captioner.training.card import CARD, read_sources, write_card
from captioner.training.history import add_run


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped_model(), tmp_path / "model"))


def test_a_card_says_how_the_model_was_made(model: Path) -> None:
    settings = json.loads((model / CONFIG).read_text())
    for key in ("training", "finish"):
        settings.pop(key, None)
    (model / CONFIG).write_text(json.dumps(settings))
    photos = [("flickr8k", "captions")] * 3 + [("class_zoo", "classes")] * 2
    add_run(model, "train-joint", None, "12 minutes", photos)
    add_run(model, "train-heads", "first", "8 epochs", [("my album", "captions")])
    settings = json.loads((model / CONFIG).read_text())
    settings["finish"] = {"figures": {"words": {"photos": 1150, "calibration error": 0.021}}}
    (model / CONFIG).write_text(json.dumps(settings))
    write_card(model)
    card = (model / CARD).read_text()
    assert card.startswith(f"# {settings['name']}\n")
    assert "1. `captioner train-joint`, from pretrained weights, 12 minutes. 3 photos" in card
    assert "2. `captioner train-heads`, from first, 8 epochs." in card
    assert "**flickr8k**: 3 photos with captions" in card and "Hodosh" in card
    assert "**class_zoo**: 2 photos with names of classes" in card
    assert "**my album**: 1 photos" in card and "whoever brought these photos" in card
    assert "| words: calibration error | 0.021 |" in card


def test_a_model_without_records_has_a_card_too(model: Path) -> None:
    settings = json.loads((model / CONFIG).read_text())
    for key in ("training", "finish"):
        settings.pop(key, None)
    (model / CONFIG).write_text(json.dumps(settings))
    write_card(model)
    card = (model / CARD).read_text()
    assert "not recorded." in card and "Not measured." in card and "\n\n\n" not in card


def test_captions_by_machines_are_named() -> None:
    (web,) = [source.text for source in read_sources() if source.prefix == "web"]
    assert "machine" in web
    assert all(source.text.endswith(".") for source in read_sources())
