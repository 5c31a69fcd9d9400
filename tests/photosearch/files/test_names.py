"""Names: a photo is known by its ending, in any case."""

import pytest

from photosearch.files.names import CAMERA_SUFFIXES, RAW_SUFFIXES, SUFFIXES, is_photo_name


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_every_ending_counts_in_any_case(suffix: str) -> None:
    assert suffix == suffix.lower() and suffix.startswith(".")
    assert is_photo_name(f"/p/a{suffix}") and is_photo_name(f"A{suffix.upper()}")
    assert not is_photo_name(f"a{suffix}x") and not is_photo_name(f"/p{suffix}/a")


def test_other_names_are_no_photos() -> None:
    for name in ("", "jpg", ".jpg", "a.xmp", "a.jpg.xmp", "a.txt", "a.jpg~"):
        assert not is_photo_name(name), name
    assert CAMERA_SUFFIXES | RAW_SUFFIXES < SUFFIXES
