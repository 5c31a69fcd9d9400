import shutil
from pathlib import Path

import pytest
from PIL import Image

from captioner.errors import DataError
from captioner.training.sources import Role, find_sources, read_source


def test_a_source_gives_both_splits_with_files(toy_data: Path) -> None:
    (toy_data / "splits" / "train.txt").unlink()
    (toy_data / "splits" / "dev.txt").write_text("dark-red.png\n")
    photos = read_source(toy_data, Role.CAPTIONS)
    assert [photo.name for photo, _ in photos if photo.split == "dev"] == ["dark-red.png"]
    assert sum(photo.split == "train" for photo, _ in photos) == 7
    assert all(file == toy_data / "images" / photo.name for photo, file in photos)
    assert photos[-1][0].texts == ("A dark red wall .", "a wall that is red")


def test_without_a_dev_list_all_photos_are_for_training(toy_data: Path) -> None:
    shutil.rmtree(toy_data / "splits")
    photos = read_source(toy_data, Role.EMBEDDING)
    assert {(photo.split, photo.role) for photo, _ in photos} == {("train", Role.EMBEDDING)}


def test_the_name_of_a_folder_is_the_class(tmp_path: Path) -> None:
    for name in ("fire_engine/2.jpg", "fire_engine/10.PNG", "Church/a.jpg", "Church/notes.txt"):
        file = tmp_path / "things" / "images" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".txt":
            file.write_text("no picture")
        else:
            Image.new("RGB", (9, 9)).save(file)
    ((folder, role),) = find_sources({Role.CLASSES: [str(tmp_path / "things")]})
    photos = read_source(folder, role)
    assert {photo.name: photo.texts for photo, _ in photos} == {
        "Church/a.jpg": ("church",),
        "fire_engine/10.PNG": ("fire engine",),
        "fire_engine/2.jpg": ("fire engine",),
    }
    assert all(file.is_file() for _, file in photos)


def test_what_is_no_source_is_said(toy_data: Path, tmp_path: Path) -> None:
    (tmp_path / "empty" / "images").mkdir(parents=True)
    with pytest.raises(DataError, match=r"no captions\.tsv in"):
        find_sources({Role.CAPTIONS: [str(tmp_path / "empty")]})
    (folder, role), = find_sources({Role.CLASSES: [str(tmp_path / "empty")]})  # fmt: skip
    with pytest.raises(DataError, match=r"neither captions\.tsv nor photos"):
        read_source(folder, role)
    other = Path(shutil.copytree(toy_data, tmp_path / "other" / "toy"))
    for again in (other, toy_data):
        with pytest.raises(DataError, match="two sources have the name toy"):
            find_sources({Role.CAPTIONS: [str(toy_data)], Role.EMBEDDING: [str(again)]})
