"""Names in a Google Takeout: each JSON file goes to its photo, and to no other."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photosearch.files.takeout_names import key_of, keys_for

LONG = "a very long name of a photo from our journey north"


def fits(json: str, photo: str) -> bool:
    return key_of(unicodedata.normalize("NFC", json).lower()) in keys_for(
        unicodedata.normalize("NFC", photo).lower()
    )


def by_takeout(photo: str, number: str, words: bool) -> str:
    """The name of a photo's JSON file, as Takeout makes it.

    Args:
        photo: its name without its number.
        number: of a second photo with the name: (1).
        words: whether Takeout adds `.supplemental-metadata`, as it does since 2024.
    """
    return (photo + ".supplemental-metadata" * words)[:46] + number + ".json"


EMOJI = "😀😃😄😁😆😅😂🤣🥲☺️😊😇🙂🙃😉😌😍🥰😘😗😙😚😋"  # of an export of a user of immich-go


@pytest.mark.parametrize(
    ("json", "photo"),
    [
        (f"{EMOJI[:-1]}.json", f"{EMOJI}.jpg"),
        ("Größere Überraschung für Jürgen über Öster.json",
         "Größere Überraschung für Jürgen über Österreich im Mai.jpg"),
    ],
)  # fmt: skip
def test_letters_may_count_more_than_once(json: str, photo: str) -> None:
    assert fits(json, photo)
    assert not fits(f"{json[:7]}.json", photo)


names = st.tuples(st.text("ab -_.é東", min_size=1, max_size=60), st.sampled_from(["jpg", "HEIC"]))
numbers = st.sampled_from(["", "(1)", "(12)"])


@given(names, numbers, st.booleans())
def test_what_takeout_writes_is_found(parts: tuple[str, str], number: str, words: bool) -> None:
    stem, suffix = parts
    stem = stem[:46]  # Takeout cuts the photo's name after 51 characters, with its ending
    json = by_takeout(f"{stem}.{suffix}", number, words)
    assert fits(json, f"{stem}{number}.{suffix}")
    assert fits(json, f"{stem}-edited{number}.{suffix}") or len(stem) > 37


@pytest.mark.parametrize(
    ("json", "photo"),
    [
        ("photo.jpg.json", "photo.jpg"),
        ("photo.JPG.json", "Photo.jpg"),
        ("photo.jpg.supplemental-metadata.json", "photo.jpg"),
        ("photo.jpg.supplemental-me.json", "photo.jpg"),
        ("photo.jpg.s.json", "photo.jpg"),
        ("photo.jpg..json", "photo.jpg"),
        ("photo.jpg(1).json", "photo(1).jpg"),
        ("photo.jpg.supplemental-metadata(1).json", "photo(1).jpg"),
        ("photo.jpg.suppl(1).json", "photo(1).jpg"),
        ("photo(1).jpg.json", "photo(1).jpg"),
        ("photo.json", "photo.jpg"),
        ("photo.supplemental-metadata.json", "photo.jpg"),
        ("photo(1).json", "photo(1).jpg"),
        ("photo.jpg.json", "photo-edited.jpg"),
        ("photo.jpg.json", "photo-effects-edited.jpg"),
        ("photo.jpg(1).json", "photo-edited(1).jpg"),
        ("photo.jpg(1).json", "photo(1)-edited.jpg"),
        ("photo.jpg.supplemental-metadata.json", "photo-bearbeitet.jpg"),
        ("photo.jpg.json", unicodedata.normalize("NFD", "photo-modifié.jpg")),
        ("photo.jpg.json", "photo-ha editado.jpg"),
        ("photo.jpg.json", "photo-編集済み.jpg"),
        (f"{LONG[:46]}.json", f"{LONG}.jpg"),
        (f"{LONG[:46]}(1).json", f"{LONG}(1).jpg"),
        (f"{LONG[:42]}.jpg.json", f"{LONG[:42]}-edit.jpg"),
        ("PXL_1.MP.jpg.json", "PXL_1.MP.jpg"),
    ],
)
def test_a_json_file_goes_to_its_photo(json: str, photo: str) -> None:
    assert fits(json, photo)


@pytest.mark.parametrize(
    ("json", "photo"),
    [
        ("photo.jpg.json", "photo(1).jpg"),
        ("photo.jpg(1).json", "photo.jpg"),
        ("photo.jpg(1).json", "photo(2).jpg"),
        ("photo.png.json", "photo.jpg"),
        ("photo.jpg.json", "photo-anna.jpg"),
        ("photo.jpg.json", "photo-e.jpg"),  # too short to have been cut
        ("photo.jpg.json", "photo2.jpg"),
        ("photo.jp.json", "photo.jpg"),  # too short to have been cut
        ("metadata.json", "photo.jpg"),
        ("photo.jpg.meta.json", "photo.jpg"),
        (".json", "photo.jpg"),
        (f"{LONG[:40]}.json", f"{LONG}.jpg"),
    ],
)
def test_a_json_file_goes_to_no_other_photo(json: str, photo: str) -> None:
    assert not fits(json, photo)
