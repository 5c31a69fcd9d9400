"""What people wrote about a photo, as every format comes down to it."""

import pytest

from photosearch.photo.dates import DateSource
from photosearch.photo.user_metadata import MAX_KEYWORDS, UserMetadata, cleaned, distinct, stars


@pytest.mark.parametrize(
    "text", ["OLYMPUS DIGITAL CAMERA", "KODAK Digital Still Camera", "SONY DSC", "---", "oznorCO",
             "DCIM\\100MEDIA\\DJI_0001.JPG", "Exif_JPEG_PICTURE", " \t", "?!", "_cuva",
             "charset=Ascii binary comment"]
)  # fmt: skip
def test_what_cameras_write_is_no_text(text: str) -> None:
    everywhere = UserMetadata(text, text, text, notes=(text,))
    assert cleaned(everywhere) == UserMetadata()


def test_people_may_speak_of_cameras() -> None:
    for text in ("My Olympus digital camera, at last", "SONY DSC of Ann", "Hdr of the bridge"):
        assert cleaned(UserMetadata(description=text)).description == text


def test_a_name_of_a_file_is_no_caption_but_found() -> None:
    raw = UserMetadata("IMG_1234", "Canon EOS 5D", "sunset.jpg", notes=("img_1234", "by Ann"))
    assert cleaned(raw) == UserMetadata(notes=("img_1234", "by Ann", "Canon EOS 5D", "sunset.jpg"))


def test_a_story_in_place_of_a_title_is_not_lost() -> None:
    story = "Once upon a time " * 40
    found = cleaned(UserMetadata(title=story))
    assert story.startswith(found.title)
    assert found.notes == (story.strip(),)


def test_a_code_before_a_comment_is_no_part_of_it() -> None:
    assert cleaned(UserMetadata(notes=("charset=Ascii Ann at sea",))).notes == ("Ann at sea",)
    assert cleaned(UserMetadata(notes=("the charset=Ascii sign",))).notes[0].startswith("the")


def test_a_note_says_more_than_what_is_shown() -> None:
    raw = UserMetadata("Rome", "On the bridge", notes=("rome", "On the  bridge", "Trevi", "Trevi"))
    assert cleaned(raw) == UserMetadata("Rome", "On the bridge", notes=("Trevi",))


def test_each_level_of_a_keyword_is_a_keyword() -> None:
    raw = UserMetadata(keywords=("places | Oslo", "AC/DC", "|", "darktable|exported", "exported"))
    assert cleaned(raw).keywords == ("AC/DC", "places", "Oslo")


def test_a_keyword_stands_once() -> None:
    assert distinct(["Rome", "rome", "Ann", "ROME"]) == ("Rome", "Ann")
    assert len(distinct(map(str, range(2 * MAX_KEYWORDS)))) == MAX_KEYWORDS


def test_each_part_comes_from_the_first_that_has_it() -> None:
    first = UserMetadata(title="a", keywords=("x",), rating=-1, notes=("1",))
    second = UserMetadata(
        "b", "c", "d", ("y",), 5, ("Ann",), ("Rome",), ("2", "1"), (1.0, 2.0),
        {DateSource.CREATED: "2000"},
    )  # fmt: skip
    assert first.over(second) == UserMetadata(
        "a", "c", "d", ("x",), -1, ("Ann",), ("Rome",), ("1", "2"), (1.0, 2.0),
        {DateSource.CREATED: "2000"},
    )  # fmt: skip
    assert UserMetadata().over(second) == second == second.over(UserMetadata())


def test_dates_of_both_are_kept_by_their_source() -> None:
    first = UserMetadata(dates={DateSource.SIDECAR: "2001"})
    second = UserMetadata(dates={DateSource.CREATED: "2000", DateSource.SIDECAR: "1999"})
    assert first.over(second).dates == {DateSource.SIDECAR: "2001", DateSource.CREATED: "2000"}


def test_no_stars_take_stars_away() -> None:
    assert UserMetadata(rating=0).over(UserMetadata(rating=4)).rating == 0
    assert UserMetadata().over(UserMetadata(rating=4)).rating == 4
    assert [cleaned(UserMetadata(rating=each)).rating for each in (-2, -1, 0, 5, 6, None)] == [
        None, -1, 0, 5, None, None,
    ]  # fmt: skip


def test_the_null_island_is_no_place() -> None:
    assert cleaned(UserMetadata(position=(0.0, 0.0))).position is None
    assert cleaned(UserMetadata(position=(0.0, 9.5))).position == (0.0, 9.5)


def test_joined_texts_lose_no_word() -> None:
    first = UserMetadata("Rome", "", "", ("a", "b"), None, ("Ann",), ("Trevi",), ("n",))
    second = UserMetadata("Roma", "Roma", "alt", ("B", "c"), 3, ("Bob", "ann"), ("Rome",), ("N",))
    assert first.joined(second) == UserMetadata(
        "Rome", "Roma", "alt", ("a", "b", "c"), 3, ("Ann", "Bob"), ("Trevi", "Rome"), ("n",)
    )
    third = UserMetadata(title="ROME", description="Tiber", alt_text="Alt")
    assert first.joined(second).joined(third).notes == ("n", "Tiber")
    assert first.joined(UserMetadata()) == first == UserMetadata().joined(first)


def test_percents_are_stars_as_windows_counts_them() -> None:
    assert [stars(percent) for percent in (0, 1, 12, 13, 25, 50, 75, 99, 100)] == [
        0, 1, 1, 2, 2, 3, 4, 5, 5,
    ]  # fmt: skip
    assert stars(-1) is stars(101) is None
