"""Search with the shipped model on real photos: folders don't swamp, synonyms find."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from photosearch import Library

# Photos of the data folder, by the folder that they are put into. People's captions say so: in
# `2019` are a laptop on a desk and an old church, in the other folders dogs and people.
PHOTOS = {
    "2019": ["coco/000000553664.jpg", "coco/000000559442.jpg"],
    "Old laptop": [f"flickr8k/{name}.jpg" for name in (
        "1001773457_577c3a7d70", "1009434119_febe49276a", "101654506_8eb26cfb60",
        "1019604187_d087bf9a5f",
    )],
    "Backup old phone": [f"flickr8k/{name}.jpg" for name in (
        "1000268201_693b08cb0e", "1002674143_1b742ab4b8", "1003163366_44323f5815",
        "1007320043_627395c3d8",
    )],
}  # fmt: skip


@pytest.fixture(scope="module")
def library(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    root = tmp_path_factory.mktemp("photos")
    for folder, photos in PHOTOS.items():
        (root / folder).mkdir()
        for photo in photos:
            source, name = photo.split("/")
            (root / folder / name).symlink_to(data_dir / source / "images" / name)
    with Library(tmp_path_factory.mktemp("library") / "photos.db") as library:
        summary = library.index([root], workers=0)
        assert summary.captioned == sum(map(len, PHOTOS.values()))
        yield library


def folders(library: Library, text: str) -> list[str]:
    return [Path(result.path).parent.name for result in library.find(text, min_score=0.0)]


def names(library: Library, text: str) -> list[str]:
    return [Path(result.path).stem for result in library.find(text, min_score=0.0)]


def test_a_folder_with_one_of_the_words_does_not_hide_what_photos_show(library: Library) -> None:
    assert names(library, "laptop on a desk")[0] == "000000553664"
    assert names(library, "old church")[0] == "000000559442"


@pytest.mark.parametrize("text", ["backup", "old phone", "Backup old phone"])
def test_the_words_of_a_folder_find_it(library: Library, text: str) -> None:
    assert folders(library, text)[:4] == ["Backup old phone"] * 4


def test_a_file_name_finds_its_photo(library: Library) -> None:
    assert names(library, "1009434119")[0] == "1009434119_febe49276a"


@pytest.mark.parametrize(("one", "other"), [("kid", "children"), ("puppies", "dog")])
def test_synonyms_find_the_same_photos(library: Library, one: str, other: str) -> None:
    first, second = (set(names(library, text)[:3]) for text in (one, other))
    assert len(first & second) >= 2
