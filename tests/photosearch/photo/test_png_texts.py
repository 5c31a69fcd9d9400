"""PNG's texts: which are read, in which encoding."""

import pytest
from PIL.PngImagePlugin import iTXt

from photosearch.photo.dates import DateSource
from photosearch.photo.png_texts import read_png_texts
from photosearch.photo.user_metadata import UserMetadata


def test_each_text_has_its_field() -> None:
    chunks = {
        "Title": "Trip", "Author": "The photographer", "Description": "A wet dog",
        "Copyright": "2020", "Software": "program", "Disclaimer": "none", "Source": "camera",
        "comment": "in the rain", "Keywords": "sea, sun", "dpi": (72, 72), 7: "seven",
        "parameters": "masterpiece, 8k",
    }  # fmt: skip
    assert read_png_texts(chunks) == UserMetadata(
        "Trip", "A wet dog", keywords=("sea", "sun"), notes=("in the rain",)
    )


@pytest.mark.parametrize(
    ("written", "date"),
    [("Sat, 03 Feb 2001 04:05:06 +0100", "2001-02-03T04:05:06+01:00"),
     ("2001-02-03T04:05:06Z", "2001-02-03T04:05:06+00:00"),
     ("2001:02:03 04:05:06", "2001-02-03T04:05:06"), ("2001", "2001")]
)  # fmt: skip
@pytest.mark.parametrize("name", ["Creation Time", "creation time", "CreationTime"])
def test_the_time_of_creation(name: str, written: str, date: str) -> None:
    assert read_png_texts({name: written}).dates == {DateSource.CREATED: date}
    assert read_png_texts({name: "yesterday"}).dates == {}


def test_encodings() -> None:
    utf_8 = "東京".encode().decode(
        "latin-1"
    )  # as Pillow gives what programs write against the rule
    for text in ("Zoë", utf_8, iTXt("Zoë"), iTXt("Ã©")):
        found = read_png_texts({"Title": text}).title
        assert found == {utf_8: "東京"}.get(text, text)


def test_programs_comments_are_none() -> None:
    assert read_png_texts({"Comment": "Created with GIMP", "Title": "IMG_1"}) == UserMetadata(
        notes=("IMG_1",)
    )
