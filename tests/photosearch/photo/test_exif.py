"""EXIF: what is read, what is refused, and that nothing malformed gets through."""

import io
import struct
import time
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from photosearch.photo.dates import DateSource
from photosearch.photo.exif import MAX_TEXT, Exif, read_exif

EXIF_IFD, GPS_IFD = 0x8769, 0x8825
MAKE, MODEL, ORIENTATION, DATE_TIME = 0x010F, 0x0110, 0x0112, 0x0132
ORIGINAL, DIGITIZED = 0x9003, 0x9004
OFFSET, OFFSET_ORIGINAL, OFFSET_DIGITIZED = 0x9010, 0x9011, 0x9012
FRACTION, FRACTION_ORIGINAL, FRACTION_DIGITIZED = 0x9290, 0x9291, 0x9292
LENS_MODEL = 0xA434


def exif(
    main: dict[int, Any] | None = None,
    detail: dict[int, Any] | None = None,
    gps: dict[int, Any] | None = None,
) -> bytes:
    """An EXIF blob as Pillow writes it, with its 6-byte prefix."""
    written = Image.Exif()
    written.update(main or {})
    if detail:
        written[EXIF_IFD] = detail
    if gps:
        written[GPS_IFD] = gps
    return written.tobytes()


def read(blob: bytes) -> Exif:
    return read_exif(io.BytesIO(blob))


def place(latitude: tuple[Any, ...], longitude: tuple[Any, ...], refs: str = "NE") -> Exif:
    return read(exif(gps={1: refs[0], 2: latitude, 3: refs[1], 4: longitude}))


FULL: dict[str, dict[int, Any]] = {
    "main": {MAKE: "Canon", MODEL: "Canon EOS 5D", ORIENTATION: 6},
    "detail": {
        ORIGINAL: "2015:11:28 14:03:09",
        OFFSET_ORIGINAL: "+02:00",
        LENS_MODEL: "EF24-70mm f/2.8L USM",
    },
    "gps": {1: "N", 2: (48.0, 51.0, 24.5), 3: "W", 4: (2.0, 17.0, 40.25)},
}
EXPECTED = Exif(
    dates={DateSource.EXIF: "2015-11-28T14:03:09+02:00"},
    camera="Canon EOS 5D",
    lens="EF24-70mm f/2.8L USM",
    latitude=48 + 51 / 60 + 24.5 / 3600,
    longitude=-(2 + 17 / 60 + 40.25 / 3600),
    orientation=6,
)


def test_a_blob_is_read_with_and_without_its_prefix() -> None:
    blob = exif(**FULL)
    assert blob.startswith(b"Exif\0\0")
    assert read(blob) == EXPECTED
    assert read(blob[6:]) == EXPECTED


@pytest.mark.parametrize("name", ["JPEG", "PNG"])
def test_a_file_is_read_from_its_start(name: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, name, exif=exif(**FULL))
    assert file.tell() > 0
    assert read_exif(file) == EXPECTED


def test_a_tiff_is_read() -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in FULL["main"].items():
        tags[tag] = value
    tags[EXIF_IFD] = FULL["detail"]
    tags[GPS_IFD] = FULL["gps"]
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "TIFF", tiffinfo=tags)
    assert read_exif(file) == EXPECTED


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"])
def test_a_file_without_exif_gives_nothing_and_prints_nothing(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, name)
    assert read_exif(file) == Exif()
    assert capfd.readouterr() == ("", "")


def test_each_time_has_its_own_source() -> None:
    main = {DATE_TIME: "2003:03:03 03:03:03"}
    detail = {ORIGINAL: "2001:01:01 01:01:01", DIGITIZED: "2002:02:02 02:02:02"}
    gps = {29: "2000:12:31", 7: (23.0, 59.0, 58.5)}
    assert read(exif(main, detail, gps)).dates == {
        "exif": "2001-01-01T01:01:01",
        "digitised": "2002-02-02T02:02:02",
        "gps": "2000-12-31T23:59:58.500000+00:00",
        "modified": "2003-03-03T03:03:03",
    }
    assert read(exif(main)).dates == {"modified": "2003-03-03T03:03:03"}
    in_one_place = exif({ORIGINAL: "2001:01:01 01:01:01", OFFSET_ORIGINAL: "Z"})  # as TIFF/EP says
    assert read(in_one_place).dates == {"exif": "2001-01-01T01:01:01+00:00"}


def test_each_time_has_its_own_offset_and_fraction() -> None:
    detail = {
        ORIGINAL: "2001:01:01 01:01:01",
        OFFSET_ORIGINAL: "+01:00",
        FRACTION_ORIGINAL: "07 ",
        DIGITIZED: "2002:02:02 02:02:02",
        OFFSET_DIGITIZED: "-03:30",
        FRACTION: "987",
        OFFSET: "+09:00",
    }
    assert read(exif({DATE_TIME: "2003:03:03 03:03:03"}, detail)).dates == {
        "exif": "2001-01-01T01:01:01.07+01:00",
        "digitised": "2002-02-02T02:02:02-03:30",
        "modified": "2003-03-03T03:03:03.987+09:00",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2015:11:28 14:03:09", "2015-11-28T14:03:09"),
        ("2015-11-28T14:03:09.123", "2015-11-28T14:03:09.123"),
        ("2015:11:28 14:03:09Z", "2015-11-28T14:03:09+00:00"),
        ("2015: 1: 8  4: 3: 9", "2015-01-08T04:03:09"),
        (b"2015:11:28\x0014:03:09\0", "2015-11-28T14:03:09"),
        ("2015:11:28\x0014:03:09", "2015-11-28T14:03:09"),
        ("2016:02:29 00:00:00", "2016-02-29T00:00:00"),
        ("2015:11:28 25:00:00", "2015-11-28"),
        ("2015:11:28 24:03:09", "2015-11-28"),
        ("2015:11:28 23:59:60", "2015-11-28"),
        ("2015:11:28", "2015-11-28"),
        (b"2015:11:28\0", "2015-11-28"),
        ("2015:11:00 00:00:00", "2015-11"),
        ("2015:00:00 00:00:00", "2015"),
        ("2015", "2015"),
        ("0000:00:00 00:00:00", None),
        ("2015:02:29 00:00:00", None),
        ("2015:13:01 00:00:00", None),
        ("1825:12:31 23:59:59", None),
        ("9999:01:01 00:00:00", None),
        ("    :  :     :  :  ", None),
        ("                   ", None),
        ("", None),
        ("yesterday", None),
    ],
)
def test_a_time_is_as_precise_as_it_can_be(text: str | bytes, expected: str | None) -> None:
    for tag, source in ((ORIGINAL, DateSource.EXIF), (DIGITIZED, DateSource.DIGITISED)):
        assert read(exif(detail={tag: text})).dates.get(source) == expected
    assert read(exif({DATE_TIME: text})).dates.get(DateSource.MODIFIED) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+02:00", "+02:00"),
        ("-1130", "-11:30"),
        ("+02", "+02:00"),
        ("Z", "+00:00"),
        ("UTC", "+00:00"),
        ("+99:00", ""),
        ("   :  ", ""),
        ("02:00", ""),
        ("05", ""),
        ("east", ""),
    ],
)
def test_impossible_offsets_are_no_offsets(text: str, expected: str) -> None:
    for time_text in ("2015:11:28 14:03:09", "2015:11:28 14:03:09.5"):
        blob = exif(detail={ORIGINAL: time_text, OFFSET_ORIGINAL: text})
        moment = "2015-11-28T14:03:09" + time_text[19:]
        assert read(blob).dates[DateSource.EXIF] == moment + expected


@given(st.lists(st.integers(0, 999), min_size=2, max_size=5, unique=True))
def test_fractions_of_seconds_keep_a_burst_in_order(thousandths: list[int]) -> None:
    def taken(part: int) -> str:
        detail = {ORIGINAL: "2015:11:28 14:03:09", FRACTION_ORIGINAL: f"{part:03}"}
        return read(exif(detail=detail)).dates[DateSource.EXIF]

    assert sorted(thousandths) == sorted(thousandths, key=taken)


@pytest.mark.parametrize(
    ("gps", "expected"),
    [
        ({29: "2019:07:04", 7: (10.0, 34.0, 56.0)}, "2019-07-04T10:34:56+00:00"),
        ({29: "2019-07-04", 7: (10.0, 34.0, 56.0)}, "2019-07-04T10:34:56+00:00"),
        ({29: "2019:07:04"}, "2019-07-04"),
        ({29: "2019:07:04", 7: (24.0, 0.0, 0.0)}, "2019-07-04"),
        ({29: "2019:07:04", 7: (10.0, 34.0)}, "2019-07-04"),
        ({29: "2019:07:04", 7: (10.5, 34.0, 56.0)}, "2019-07-04"),
        ({29: "2219:07:04", 7: (10.0, 34.0, 56.0)}, None),
        ({7: (10.0, 34.0, 56.0)}, None),
    ],
)
def test_the_time_of_satellites(gps: dict[int, Any], expected: str | None) -> None:
    assert read(exif(gps=gps)).dates.get(DateSource.GPS) == expected


@pytest.mark.parametrize(
    ("make", "model", "expected"),
    [
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("NIKON CORPORATION", "NIKON D90", "NIKON D90"),
        ("EASTMAN KODAK COMPANY", "KODAK EASYSHARE C613", "KODAK EASYSHARE C613"),
        ("Apple", "iPhone 12", "Apple iPhone 12"),
        ("SONY", "ILCE-7M3", "SONY ILCE-7M3"),
        ("Canon", "", "Canon"),
        ("", "COOLPIX", "COOLPIX"),
        ("", "", None),
        ("----", "\0\0", None),
    ],
)
def test_the_make_is_not_repeated(make: str, model: str, expected: str | None) -> None:
    assert read(exif({MAKE: make, MODEL: model})).camera == expected


def test_text_is_cleaned() -> None:
    assert read(exif({MODEL: b"A\x01\x1b[31m\tB \r\n  C"})).camera == "A[31m B C"
    assert read(exif({MODEL: b"K\xe4se"})).camera == "K�se"
    assert read(exif({MODEL: "Käse\u202e".encode()})).camera == "Käse"
    assert read(exif({MODEL: b"X100\0garbage"})).camera == "X100"
    assert read(exif({MODEL: b"x" * 5000})).camera == "x" * MAX_TEXT
    both = read(exif({MAKE: b"y" * 5000, MODEL: b"x" * 5000})).camera
    assert both is not None
    assert len(both) <= MAX_TEXT


@pytest.mark.parametrize("value", range(1, 9))
def test_orientation(value: int) -> None:
    assert read(exif({ORIENTATION: value})).orientation == value


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_unknown_orientation_is_upright(value: int) -> None:
    assert read(exif({ORIENTATION: value})).orientation == 1


def dms(degrees: float) -> tuple[Fraction, Fraction, Fraction]:
    exact = abs(Fraction(degrees))
    whole = exact.__floor__()
    minutes = ((exact - whole) * 60).__floor__()
    seconds = (exact - whole - Fraction(minutes, 60)) * 3600
    return Fraction(whole), Fraction(minutes), Fraction(round(seconds * 1000), 1000)


@settings(max_examples=100, deadline=None)
@given(st.floats(-90, 90), st.floats(-180, 180))
def test_positions_survive(latitude: float, longitude: float) -> None:
    assume(dms(latitude) != dms(longitude) or any(dms(latitude)))  # 0, 0 is no position
    refs = ("S" if latitude < 0 else "N") + ("W" if longitude < 0 else "E")
    found = place(
        tuple(float(part) for part in dms(latitude)),
        tuple(float(part) for part in dms(longitude)),
        refs,
    )
    assert found.latitude == pytest.approx(latitude, abs=1e-4)
    assert found.longitude == pytest.approx(longitude, abs=1e-4)


def test_a_position_of_degrees_and_minutes_alone() -> None:
    found = place((48.0, 30.5), (2.25,))
    assert found.latitude == pytest.approx(48 + 30.5 / 60, abs=1e-4)
    assert found.longitude == pytest.approx(2.25)


@pytest.mark.parametrize(
    ("latitude", "longitude", "refs"),
    [
        ((90.0, 0.0, 1.0), (2.0, 0.0, 0.0), "NE"),  # beyond the pole
        ((48.0, 0.0, 0.0), (180.0, 1.0, 0.0), "NE"),
        ((48.0, 0.0, 0.0), (2.0, 0.0, 0.0), "XE"),
        ((48.0, 0.0, 0.0), (2.0, 0.0, 0.0), "NN"),
        ((48.0, 0.0, 0.0), (2.0, 0.0, 0.0), " E"),
        ((1.0, 2.0, 3.0, 4.0), (2.0, 0.0, 0.0), "NE"),
    ],
)
def test_impossible_positions_are_no_positions(
    latitude: tuple[float, ...], longitude: tuple[float, ...], refs: str
) -> None:
    found = place(latitude, longitude, refs)
    assert (found.latitude, found.longitude) == (None, None)


def test_no_place_lies_at_zero() -> None:
    nowhere = place((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    assert (nowhere.latitude, nowhere.longitude) == (None, None)
    greenwich = place((51.0, 28.0, 40.0), (0.0, 0.0, 0.0))
    assert (greenwich.latitude, greenwich.longitude) == (pytest.approx(51 + 28 / 60 + 40 / 3600), 0)


def test_a_coordinate_alone_is_no_position() -> None:
    assert read(exif(gps={1: "N", 2: (48.0, 51.0, 24.0)})) == Exif()
    assert read(exif(gps={2: (48.0, 51.0, 24.0), 4: (2.0, 0.0, 0.0)})) == Exif()


@pytest.mark.parametrize("broken", [(0, 0), (51, 0)])
def test_a_division_by_zero_is_no_position(broken: tuple[int, int]) -> None:
    blob = exif(gps={1: "N", 2: (48.0, 51.0, 24.0), 3: "E", 4: (2.0, 17.0, 40.0)})
    minutes = struct.pack(">II", 51, 1)
    assert blob.count(minutes) == 1
    found = read(blob.replace(minutes, struct.pack(">II", *broken)))
    assert (found.latitude, found.longitude) == (None, None)


STARTS = [
    b"",
    b"Exif\0\0",
    b"II*\0\x08\0\0\0",
    b"MM\0*\0\0\0\x08",
    b"\xff\xd8\xff\xe1",
    b"\x89PNG\r\n\x1a\n",
    b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x08",
    b"\0\0\0\x18ftypheic",
    b"\0\0\0\x18ftypavif",
    b"\0\0\0\x0cJXL \r\n\x87\n",
]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(STARTS),
    st.binary(max_size=300),
)
def test_random_bytes_never_raise(
    capfd: pytest.CaptureFixture[str], start: bytes, rest: bytes
) -> None:
    assert isinstance(read(start + rest), Exif)
    assert capfd.readouterr() == ("", "")


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_damaged_exif_never_raises(capfd: pytest.CaptureFixture[str], data: st.DataObject) -> None:
    blob = bytearray(exif(**FULL))
    positions = st.integers(0, len(blob) - 1)
    for place_, value in data.draw(st.lists(st.tuples(positions, st.integers(0, 255)), max_size=8)):
        blob[place_] = value
    found = read(bytes(blob[: data.draw(st.integers(0, len(blob)))]))
    assert 1 <= found.orientation <= 8
    for text in (found.camera, found.lens):
        assert text is None or 0 < len(text) <= MAX_TEXT
    assert found.latitude is None or -90 <= found.latitude <= 90
    assert found.longitude is None or -180 <= found.longitude <= 180
    assert capfd.readouterr() == ("", "")


def test_what_comes_before_the_damage_is_kept() -> None:
    blob = exif(**FULL)
    found = read(blob[: blob.index(b"Canon EOS 5D") + 13])
    assert found.camera == "Canon EOS 5D"
    assert not found.dates


def tiff_of(entry: bytes) -> bytes:
    """A TIFF whose first directory is the same entry, as often as the format allows."""
    return b"II*\0\x08\0\0\0" + struct.pack("<H", 65535) + entry * 65535


@pytest.mark.parametrize(
    "blob",
    [
        tiff_of(struct.pack("<HHII", GPS_IFD, 4, 1, 8)),  # directories within directories
        tiff_of(struct.pack("<HHII", MAKE, 2, 0xFFFFFFFF, 8)),  # endless texts
        tiff_of(struct.pack("<HHII", MAKE, 5, 999, 8)),  # many numbers
        b"II*\0\x08\0\0\0" + b"".join(struct.pack("<HI", 0, 14 + 6 * i) for i in range(100_000)),
        b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + b"\0\0\0\x01free" + bytes(8),  # a box of no size
        b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0tEXt1234" * 500_000,
    ],
    ids=["nested", "texts", "numbers", "chain", "box", "chunks"],
)
def test_exif_bombs_take_bounded_time(blob: bytes) -> None:
    started = time.process_time()
    read(blob)
    assert time.process_time() - started < 5  # a tenth of that on the author's computer


def test_a_file_that_cannot_be_read_raises() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        read_exif(Failing(b"II*\0"))
