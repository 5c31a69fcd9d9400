"""Names: a photo is known by its ending, in any case."""

import pytest

from photosearch.files.names import (
    CAMERA_SUFFIXES,
    RAW_SUFFIXES,
    SUFFIXES,
    VIDEO,
    is_photo_name,
    is_raw_name,
    unread_kind,
)


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_every_ending_counts_in_any_case(suffix: str) -> None:
    assert suffix == suffix.lower() and suffix.startswith(".")
    assert is_photo_name(f"/p/a{suffix}") and is_photo_name(f"A{suffix.upper()}")
    assert not is_photo_name(f"a{suffix}x") and not is_photo_name(f"/p{suffix}/a")


def test_other_names_are_no_photos() -> None:
    for name in ("", "jpg", ".jpg", "a.xmp", "a.jpg.xmp", "a.txt", "a.jpg~"):
        assert not is_photo_name(name), name
    assert CAMERA_SUFFIXES | RAW_SUFFIXES < SUFFIXES


def test_pictures_and_videos_that_cannot_be_read_have_a_kind() -> None:
    kinds = {"a.JXL": ".jxl", "/p/a.psd": ".psd", "a.MP4": VIDEO, "a.b.mov": VIDEO}
    assert {name: unread_kind(name) for name in kinds} == kinds
    for name in ("a.jpg", "a.txt", "a", "mp4", ".psd", "a.psd/b", "a.xmp", "a.json", "a.ts"):
        assert unread_kind(name) is None, name


def test_no_ending_is_read_and_passed_over() -> None:
    assert not any(unread_kind(f"a{suffix}") for suffix in SUFFIXES)
    assert all(is_raw_name(f"a{suffix}") == (suffix in RAW_SUFFIXES) for suffix in SUFFIXES)
