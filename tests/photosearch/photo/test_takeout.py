"""Google Takeout's JSON files: what is read of them, and when their date counts."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photosearch.photo.dates import DateSource
from photosearch.photo.takeout import MAX_BYTES, local_dates, read_sidecar
from photosearch.photo.user_metadata import NOTHING, UserMetadata

# As Google writes it, with the fields that are not read.
WHOLE: dict[str, Any] = {
    "title": "IMG_1.jpg",
    "description": "Grandma  Kunigunde\nat the lake",
    "imageViews": "12",
    "creationTime": {"timestamp": "1600000000", "formatted": "13 Sept 2020, 12:26:40 UTC"},
    "photoTakenTime": {"timestamp": "1562243696", "formatted": "4 July 2019, 12:34:56 UTC"},
    "geoData": {"latitude": 47.5, "longitude": -9.25, "altitude": 400.0, "latitudeSpan": 0.0},
    "geoDataExif": {"latitude": 1.0, "longitude": 2.0, "altitude": 0.0},
    "people": [{"name": "Ines"}, {"name": "Will"}, {"name": "Ines"}],
    "comments": [{"text": "What a day", "contentOwnerName": "Thi"}],
    "favorited": True,
    "url": "https://photos.google.com/photo/x",
    "googlePhotosOrigin": {"mobileUpload": {"deviceType": "ANDROID_PHONE"}},
}
NOWHERE = {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0}


def read(folder: Path, said: object) -> UserMetadata:
    path = folder / "a.jpg.json"
    path.write_bytes(said if isinstance(said, bytes) else json.dumps(said).encode())
    said_there, damage = read_sidecar(str(path))
    assert damage == ""
    return said_there


def test_all_that_a_person_wrote_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE) == UserMetadata(
        description="Grandma Kunigunde at the lake",
        people=("Ines", "Will"),
        notes=("What a day",),
        position=(47.5, -9.25),
        dates={DateSource.SIDECAR: "2019-07-04T12:34:56+00:00"},
    )


@pytest.mark.parametrize(
    ("geo", "exif", "position"),
    [
        (NOWHERE, {"latitude": 1, "longitude": 2.5}, (1.0, 2.5)),
        (NOWHERE, NOWHERE, None),
        ({"latitude": 0.0, "longitude": 5.0}, NOWHERE, (0.0, 5.0)),
        ({"latitude": 91.0, "longitude": 5.0}, NOWHERE, None),
        ({"latitude": "x", "longitude": 5.0}, None, None),
        ({"latitude": 10**400, "longitude": 5.0}, [], None),
        ({"latitude": float("nan"), "longitude": 5.0}, 5, None),
        ({"latitude": 5.0}, {}, None),
    ],
)
def test_a_place_is_where_somebody_was(
    tmp_path: Path, geo: object, exif: object, position: tuple[float, float] | None
) -> None:
    said = {**WHOLE, "geoData": geo, "geoDataExif": exif}
    assert read(tmp_path, said).position == position


@pytest.mark.parametrize(
    ("timestamp", "date"),
    [
        ("-139708800", "1965-07-29T00:00:00+00:00"),
        (1562243696, "2019-07-04T12:34:56+00:00"),
        ("0", None), (0, None), ("", None), ("soon", None), (None, None), (True, None),
        ("9" * 5000, None), (10**30, None), ("99999999999", None), ("-9999999999", None),
    ],
)  # fmt: skip
def test_a_date_is_a_possible_date(tmp_path: Path, timestamp: object, date: str | None) -> None:
    said = read(tmp_path, {**WHOLE, "photoTakenTime": {"timestamp": timestamp}})
    assert said.dates.get(DateSource.SIDECAR) == date


@pytest.mark.parametrize(
    "said",
    [
        {}, [], [WHOLE], "text", 5, None, {"description": "Of gallery-dl", "title": "Rome"},
        {"people": [{"name": "Ines"}]}, {"title": "My album", "date": {"timestamp": "1"}},
        {"photoTakenTime": 5},
    ],
)  # fmt: skip
def test_other_programs_files_say_nothing(tmp_path: Path, said: object) -> None:
    assert read(tmp_path, said) == NOTHING


def test_a_short_file_is_takeouts_by_its_title(tmp_path: Path) -> None:
    assert read(tmp_path, {"title": "a.jpg", "description": "Ann"}) == UserMetadata(
        description="Ann"
    )


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b"{" + b" " * MAX_BYTES + b"}"]
)
def test_a_damaged_file_is_told_in_one_line(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(ValueError) as raised:
        read(tmp_path, raw)
    assert str(raised.value) and len(str(raised.value).splitlines()) == 1


def test_encodings_of_json_are_read(tmp_path: Path) -> None:
    text = json.dumps({"title": "a.jpg", "description": "Zoë 東京"}, ensure_ascii=False)
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert read(tmp_path, text.encode(encoding)).description == "Zoë 東京"


def test_texts_as_in_html_are_read(tmp_path: Path) -> None:
    said = read(tmp_path, {"title": "a.jpg", "description": "Tom &amp; Ann&#39;s <home> & more"})
    assert said.description == "Tom & Ann's <home> & more"


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(ValueError, match="regular"):
        read_sidecar(f"{tmp_path}/a.json")
    with pytest.raises(OSError):
        read_sidecar(f"{tmp_path}/none.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(
            st.sampled_from([*WHOLE, "name", "text", "timestamp"]), inside, max_size=3
        )
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.sampled_from([*WHOLE]), JSON, max_size=6))
def test_any_values_are_read_without_an_error(
    tmp_path_factory: pytest.TempPathFactory, said: dict[str, Any]
) -> None:
    found = read(tmp_path_factory.getbasetemp(), said)
    assert found.title == found.alt_text == "" and found.rating is None


# The date

UTC = "2020-01-01T04:30:00+00:00"  # 31 December, 23:30, in New York
EXIF, CREATED, NAME = DateSource.EXIF, DateSource.CREATED, DateSource.NAME


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ({}, UTC),
        ({EXIF: "2019-12-31T23:30:00"}, None),
        ({EXIF: "2019-12-31T23:30:00-05:00"}, None),
        ({EXIF: "2019-12-31T23:30:01"}, None),  # rounded
        ({EXIF: "2020-01-01T10:15:00"}, None),  # Nepal
        ({EXIF: "2020-01-01T04:30:00"}, None),  # Google knew no zone
        ({EXIF: "2019-12-31T23:37:00"}, UTC),  # no zone's time
        ({EXIF: "2019-12-30T23:30:00"}, UTC),  # a person corrected the day
        ({EXIF: "2000-01-01T00:00:00"}, UTC),
        ({EXIF: "2019-12-31"}, UTC),
        ({EXIF: "2019"}, UTC),
        ({EXIF: "2000-01-01T00:00:00", NAME: "2019-12-31T23:30:00"}, "2019-12-31T23:30:00"),
        ({CREATED: "2019-12-31T23:30:00-05:00"}, "2019-12-31T23:30:00-05:00"),
        ({DateSource.MODIFIED: "2019-12-31T23:30:00"}, UTC),
    ],
)
def test_the_local_day_counts_where_the_file_knows_it(
    others: dict[DateSource, str], expected: str | None
) -> None:
    found = local_dates({DateSource.SIDECAR: UTC}, others)
    assert found.get(DateSource.SIDECAR) == expected
    assert local_dates({}, others) == {}
