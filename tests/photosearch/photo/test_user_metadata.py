"""What people wrote about a photo, as every format comes down to it."""

import pytest

from photosearch.photo.user_metadata import UserMetadata, cleaned, distinct


@pytest.mark.parametrize(
    "text", ["OLYMPUS DIGITAL CAMERA", "KODAK Digital Still Camera", "SONY DSC", "---", "oznorCO",
             "DCIM\\100MEDIA\\DJI_0001.JPG", "Exif_JPEG_PICTURE"]
)  # fmt: skip
def test_what_cameras_write_is_no_description(text: str) -> None:
    assert cleaned(title=text, description=text) == UserMetadata()


def test_people_may_speak_of_cameras() -> None:
    for text in ("My Olympus digital camera, at last", "SONY DSC of Ann", "Hdr of the bridge"):
        assert cleaned(description=text).description == text


def test_a_keyword_stands_once() -> None:
    assert distinct(["Rome", "rome", "Ann", "ROME"]) == ("Rome", "Ann")


def test_each_part_comes_from_the_first_that_has_it() -> None:
    first = UserMetadata(title="a", keywords=("x",), rating=-1)
    second = UserMetadata("b", "c", "d", ("y",), 5, "2000")
    assert first.over(second) == UserMetadata("a", "c", "d", ("x",), -1, "2000")
    assert UserMetadata().over(second) == second == second.over(UserMetadata())
