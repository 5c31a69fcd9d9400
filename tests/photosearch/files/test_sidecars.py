"""Sidecars: found beside photos by their names, the preferred first."""

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photosearch.files.file import Sidecar
from photosearch.files.sidecars import (
    FolderSidecars,
    SidecarFormat,
    find_sidecars,
    format_of,
    is_beside_photo,
    is_sidecar_name,
    list_sidecars,
    sidecar_names,
    sidecars_among,
)

NFC, NFD = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))


def touch(path: Path, seconds: int) -> Sidecar:
    path.touch()
    os.utime(path, (seconds, seconds))
    return Sidecar(str(path), seconds * 10**9)


def found(folder: Path, name: str) -> list[str]:
    sidecars = find_sidecars(f"{folder}/{name}", list_sidecars(str(folder)))
    return [os.path.basename(sidecar.path) for sidecar in sidecars]


def among(photo: str, *names: str) -> list[str]:
    """Sidecars of a photo by names alone, in a folder with these names."""
    return [name for name, _ in sidecars_among([photo, *names]).of(photo)]


def test_the_name_with_the_suffix_comes_before_the_name_without(tmp_path: Path) -> None:
    photo = f"{tmp_path}/a.jpg"
    assert find_sidecars(photo, list_sidecars(str(tmp_path))) == ()
    second = touch(tmp_path / "A.XMP", 5)
    assert find_sidecars(photo, list_sidecars(str(tmp_path))) == (second,)
    first = touch(tmp_path / "a.JPG.xmp", 6)
    third = touch(tmp_path / "a.jpg.json", 7)
    assert find_sidecars(photo, list_sidecars(str(tmp_path))) == (first, second, third)
    assert found(tmp_path, "b.jpg") == []


def test_a_sidecar_is_a_regular_file_that_is_there(tmp_path: Path) -> None:
    touch(tmp_path / "a.xmp", 5)
    (tmp_path / "a.jpg.xmp").mkdir()
    (tmp_path / "b.xmp").symlink_to("nowhere")
    assert found(tmp_path, "a.jpg") == ["a.xmp"]
    assert found(tmp_path, "b.jpg") == []


def test_names_that_differ_in_case_are_two_where_both_are_there() -> None:
    assert among("a.jpg", "A.XMP") == ["A.XMP"]
    assert among("a.jpg", "A.XMP", "a.xmp", "a.txt") == ["a.xmp"]
    assert among("A.jpg", "A.XMP", "a.xmp") == ["A.XMP"]
    assert among("A.jpg", "a.jpg", "a.xmp") == []  # it is the other photo's
    assert among("a.jpg", "A.jpg", "a.xmp") == ["a.xmp"]
    assert among("a.JPG", "a.jpg", "a.jpg.xmp", "a.JPG.xmp") == ["a.JPG.xmp"]
    assert among("a.jpg", "a.JPG", "a.jpg.xmp", "a.JPG.xmp") == ["a.jpg.xmp"]
    assert among("A.jpg", "A.jpg.json", "a.jpg.json") == ["A.jpg.json"]


def test_accents_written_in_two_ways_are_one_name() -> None:
    for photo, sidecar in [(NFC, NFD), (NFD, NFC), (NFC, NFD.upper())]:
        assert among(f"{photo}.jpg", f"{sidecar}.xmp") == [f"{sidecar}.xmp"]
        assert among(f"{photo}.jpg", f"{sidecar}.jpg.json") == [f"{sidecar}.jpg.json"]
    assert among(f"{NFC}.jpg", f"{NFC}.xmp", f"{NFD}.xmp") == [f"{NFC}.xmp"]
    assert among(f"{NFD}.jpg", f"{NFC}.xmp", f"{NFD}.xmp") == [f"{NFD}.xmp"]


def test_the_sidecars_of_a_pair_count_for_both_files() -> None:
    names = ["IMG_1.CR2.xmp", "IMG_1.xmp", "IMG_1.jpg.xmp", "IMG_1.CR2.json", "IMG_1.png.xmp"]
    assert among("IMG_1.jpg", *names) == [
        "IMG_1.jpg.xmp", "IMG_1.CR2.xmp", "IMG_1.xmp", "IMG_1.CR2.json"
    ]  # fmt: skip
    assert among("IMG_1.CR2", *names)[:2] == ["IMG_1.CR2.xmp", "IMG_1.jpg.xmp"]
    assert among("IMG_1.png", *names) == ["IMG_1.png.xmp", "IMG_1.xmp"]


def test_a_duplicate_of_darktable_counts_if_it_names_the_photo(tmp_path: Path) -> None:
    (tmp_path / "I.CR2").touch()
    (tmp_path / "I.CR2.xmp").touch()
    for name, source in [("01", "I.CR2"), ("02", "I_02.CR2"), ("03", "I.CR2"), ("04", "")]:
        (tmp_path / f"I_{name}.CR2.xmp").write_text(f'<a xmpMM:DerivedFrom="{source}"/>')
    (tmp_path / "I_03.CR2").touch()  # a photo of its own
    assert found(tmp_path, "I.CR2") == ["I.CR2.xmp", "I_01.CR2.xmp"]
    assert found(tmp_path, "I.jpg") == ["I.CR2.xmp", "I_01.CR2.xmp"]
    assert found(tmp_path, "I_03.CR2") == ["I_03.CR2.xmp"]


def test_what_macs_and_windows_leave_beside_photos_is_no_sidecar() -> None:
    assert among("a.jpg", "._a.xmp", "._a.jpg.xmp", "._a.jpg.json", "desktop.ini", ".json") == []
    assert among("a.jpg", ".xmp", ".a.xmp", "Thumbs.db") == []


def test_takeout_files_are_found_by_their_names() -> None:
    assert among("a.jpg", "a.jpg.supplemental-meta.json") == ["a.jpg.supplemental-meta.json"]
    assert among("a(1).jpg", "a.jpg.json", "a.jpg(1).json") == ["a.jpg(1).json"]
    assert among("a-edited.jpg", "a.jpg", "a.jpg.json") == ["a.jpg.json"]
    assert among("a-edited.jpg", "a.jpg.json", "a-edited.jpg.json") == ["a-edited.jpg.json"]
    assert among("a.jpg", "a.json", "a.jpg.json") == ["a.jpg.json"]
    assert among("a.jpg", "metadata.json", ".json", "package.json") == []


@pytest.mark.parametrize("format", SidecarFormat)
def test_all_formats_are_known_by_their_names(tmp_path: Path, format: SidecarFormat) -> None:
    for name in (f"a.jpg{format}", f"a{format}".upper()):
        assert is_sidecar_name(name) and format_of(f"/p/{name}") is format
        touch(tmp_path / name, 5)
        assert found(tmp_path, "a.jpg") == [name]
        (tmp_path / name).unlink()
    assert f"/p/a{format}" in sidecar_names("/p/a.jpg")
    assert f"/p/a.jpg{format}" in sidecar_names("/p/a.jpg")


def test_other_names_are_no_sidecars() -> None:
    for name in ("a.jpg", "xmp", "a.xmp.txt", "a.xmpx"):
        assert not is_sidecar_name(name)
    with pytest.raises(ValueError, match=r"\.jpg"):
        format_of("/p/a.jpg")
    assert not sidecars_among(["a.jpg", "a.txt"]) and not FolderSidecars()


def test_a_json_file_matters_only_beside_its_photo(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    for name, expected in [
        ("a.jpg.json", True), ("a.json", True), ("A.jpg.suppl.json", True), ("b.xmp", True),
        ("b.jpg.json", False), ("package.json", False), ("a.jpg", False),
    ]:  # fmt: skip
        assert is_beside_photo(f"{tmp_path}/{name}") == expected, name
    assert not is_beside_photo(f"{tmp_path}/none/a.jpg.json")


STARTS = st.sampled_from(["a", "A", "a.jpg", "a.CR2", "A.JPG", "b", f"{NFC}.jpg", f"{NFD}.jpg"])
NAMES = st.sets(st.tuples(STARTS, st.sampled_from([".xmp", ".XMP", ".json"])).map("".join))


@given(NAMES, st.sampled_from(["a.jpg", "A.cr2", "b.png", f"{NFC}.jpg", f"{NFD}.JPG"]))
def test_a_sidecar_begins_as_its_photo_or_as_the_other_file_of_the_pair(
    names: set[str], photo: str
) -> None:
    def folded(text: str) -> str:
        return unicodedata.normalize("NFC", text).lower()

    expected = {folded(photo), folded(os.path.splitext(photo)[0])}
    if folded(photo)[0] == "a":
        expected |= {"a.jpg", "a.cr2"}
    found = among(photo, *names)
    starts = [folded(os.path.splitext(name)[0]) for name in found]
    assert {*found} <= names and {*starts} <= expected
    xmp = {folded(name) for name in names if name.lower().endswith(".xmp")}
    fitting = {name for name in xmp if os.path.splitext(name)[0] in expected}
    assert {folded(name) for name in found if name.lower().endswith(".xmp")} == fitting
