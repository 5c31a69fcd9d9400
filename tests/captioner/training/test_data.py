from pathlib import Path

import pytest

from captioner.errors import DataError
from captioner.training.data import find_data, read_captions, read_split


def test_a_split_holds_listed_photos_with_their_captions(toy_data: Path) -> None:
    split = read_split(toy_data, "train")
    assert split.name == "toy/train"
    assert len(split.images) == len(split.captions) == 8
    assert split.references()["dark-red.png"] == ("A dark red wall .", "a wall that is red")


def test_without_a_list_train_is_all_that_is_not_dev(toy_data: Path) -> None:
    (toy_data / "splits" / "train.txt").unlink()
    (toy_data / "splits" / "dev.txt").write_text("dark-red.png\n")
    train, dev = read_split(toy_data, "train"), read_split(toy_data, "dev")
    assert [image.name for image in dev.images] == ["dark-red.png"]
    assert len(train.images) == 7 and not set(train.images) & set(dev.images)


def test_photos_that_are_not_there_are_left_out(toy_data: Path) -> None:
    (toy_data / "images" / "dark-red.png").unlink()
    assert len(read_split(toy_data, "train").images) == 7


def test_what_is_missing_is_said(
    toy_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PHOTOSEARCH_DATA", raising=False)
    with pytest.raises(DataError, match="PHOTOSEARCH_DATA is not set"):
        find_data([str(tmp_path / "nowhere")])
    with pytest.raises(DataError, match="split test"):
        read_split(toy_data, "test")
    (toy_data / "splits" / "dev.txt").write_text("unknown.png\n")
    with pytest.raises(DataError, match="no captioned photos"):
        read_split(toy_data, "dev")
    (toy_data / "captions.tsv").write_text("photo.png a caption\n")
    with pytest.raises(DataError, match=r"captions\.tsv:1: no TAB"):
        read_captions(toy_data / "captions.tsv")


def test_names_are_looked_up_in_the_data_folder(
    toy_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHOTOSEARCH_DATA", str(toy_data.parent))
    assert find_data(["toy", str(toy_data)]) == [toy_data, toy_data]


def test_flickr8k_has_its_official_splits(data_dir: Path) -> None:
    train, dev = (read_split(data_dir / "flickr8k", split) for split in ("train", "dev"))
    assert (len(train.images), len(dev.images)) == (6000, 1000)
    assert all(len(captions) == 5 for captions in dev.captions)
    assert not set(train.images) & set(dev.images)


def test_coco_dev_is_seen_by_no_training(data_dir: Path) -> None:
    train, dev = (read_split(data_dir / "coco", split) for split in ("train", "dev"))
    assert len(dev.images) == 150
    assert all(len(captions) >= 5 for captions in dev.captions)
    assert not set(train.images) & set(dev.images)
    assert len(train.images) + len(dev.images) == 2801
