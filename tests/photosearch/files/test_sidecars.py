"""Sidecars: found beside photos by their names, in any case."""

import os
from pathlib import Path

import pytest

from photosearch.files.sidecars import (
    SidecarFormat,
    find_sidecar,
    format_of,
    is_sidecar_name,
    list_sidecars,
    sidecar_names,
    sidecars_among,
)


def touch(path: Path, seconds: int) -> None:
    path.touch()
    os.utime(path, (seconds, seconds))


def test_the_name_with_the_suffix_comes_before_the_name_without(tmp_path: Path) -> None:
    photo = f"{tmp_path}/a.jpg"
    assert find_sidecar(photo, list_sidecars(str(tmp_path))) is None
    touch(tmp_path / "A.XMP", 5)
    assert find_sidecar(photo, list_sidecars(str(tmp_path))) == (f"{tmp_path}/A.XMP", 5 * 10**9)
    touch(tmp_path / "a.JPG.xmp", 6)
    found = find_sidecar(photo, list_sidecars(str(tmp_path)))
    assert found == (f"{tmp_path}/a.JPG.xmp", 6 * 10**9)
    assert find_sidecar(f"{tmp_path}/b.jpg", list_sidecars(str(tmp_path))) is None


def test_a_sidecar_is_a_regular_file_that_is_there(tmp_path: Path) -> None:
    touch(tmp_path / "a.xmp", 5)
    (tmp_path / "a.jpg.xmp").mkdir()
    (tmp_path / "b.xmp").symlink_to("nowhere")
    names = list_sidecars(str(tmp_path))
    assert set(names) == {"a.xmp", "a.jpg.xmp", "b.xmp"}
    assert find_sidecar(f"{tmp_path}/a.jpg", names) == (f"{tmp_path}/a.xmp", 5 * 10**9)
    assert find_sidecar(f"{tmp_path}/b.jpg", names) is None


def test_of_names_that_differ_in_case_the_last_by_name_counts(tmp_path: Path) -> None:
    assert sidecars_among(sorted(["a.xmp", "A.XMP", "a.txt"])) == {"a.xmp": "a.xmp"}


@pytest.mark.parametrize("format", SidecarFormat)
def test_all_formats_are_known_by_their_names(tmp_path: Path, format: SidecarFormat) -> None:
    for name in (f"a.jpg{format}", f"a{format}".upper()):
        assert is_sidecar_name(name) and format_of(f"/p/{name}") is format
        touch(tmp_path / name, 5)
        found = find_sidecar(f"{tmp_path}/a.jpg", list_sidecars(str(tmp_path)))
        assert found == (f"{tmp_path}/{name}", 5 * 10**9)
        (tmp_path / name).unlink()
    assert f"/p/a{format}" in sidecar_names("/p/a.jpg")
    assert f"/p/a.jpg{format}" in sidecar_names("/p/a.jpg")


def test_other_names_are_no_sidecars() -> None:
    for name in ("a.jpg", "xmp", "a.xmp.txt", "a.xmpx"):
        assert not is_sidecar_name(name)
    with pytest.raises(ValueError, match=r"\.jpg"):
        format_of("/p/a.jpg")
