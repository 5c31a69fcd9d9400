"""Dates in names: only what can be, whatever the program or its language."""

import datetime
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photosearch.photo.calendar import FIRST_YEAR
from photosearch.photo.named_dates import date_in_name, date_of_folders

LAST_YEAR = datetime.date.today().year + 1
moments = st.datetimes(
    datetime.datetime(FIRST_YEAR, 1, 1), datetime.datetime(LAST_YEAR, 12, 31, 23, 59, 59)
).map(lambda moment: moment.replace(microsecond=0))
WITH_TIME = [
    "IMG_%Y%m%d_%H%M%S.jpg", "PXL_%Y%m%d_%H%M%S123.jpg", "%Y-%m-%d %H.%M.%S.jpg",
    "Screenshot_%Y-%m-%d-%H-%M-%S.png", "WhatsApp Image %Y-%m-%d at %H.%M.%S.jpeg",
    "%Y%m%d%H%M%S.heic", "photo_%Y-%m-%d_%H-%M-%S (2).jpg", "IMG_%Y%m%d_%H%M%S_1.jpg",
    "WP_%Y%m%d_%H_%M_%S_Pro.jpg", "signal-%Y-%m-%d-%H%M%S_002.jpeg",
    "signal-%Y-%m-%d-%H-%M-%S-123.jpg", "IMG%Y%m%d%H%M%S.jpg", "%Y%m%d_%H%M%S(0).jpg",
    "photo_12345@%d-%m-%Y_%H-%M-%S.jpg", "DSCPDC_0001_BURST%Y%m%d%H%M%S234.jpg",
    "PXL_%Y%m%d_%H%M%S123.MP~2.jpg", "Foto am %d.%m.%Y um %H.%M.%S.jpg",
    "Screenshot_%Y%m%d-%H%M%S_Chrome.jpg", "Screenshot %Y-%m-%d %H%M%S.png",
    "Screenshot from %Y-%m-%d %H-%M-%S.png", "Bildschirmfoto vom %Y-%m-%d %H-%M-%S.png",
    "Bildschirmfoto %Y-%m-%d um %H.%M.%S.png", "Capture d\u2019écran %Y-%m-%d à %H.%M.%S.png",
    "Captura de pantalla %Y-%m-%d a la(s) %H.%M.%S.png", "Schermata %Y-%m-%d alle %H.%M.%S.png",
    "Captura de Tela %Y-%m-%d às %H.%M.%S.png", "Schermafbeelding %Y-%m-%d om %H.%M.%S.png",
    "Skärmavbild %Y-%m-%d kl. %H.%M.%S.png", "Näyttökuva %Y-%m-%d kello %H.%M.%S.png",
    "Снимок экрана %Y-%m-%d в %H.%M.%S.png", "スクリーンショット %Y-%m-%d %H.%M.%S.png",
    "Képernyőfotó %Y-%m-%d - %H.%M.%S.png", "WhatsApp Bild %Y-%m-%d um %H.%M.%S (1).jpeg",
    "Screen Shot %Y-%m-%d at %I.%M.%S %p.png", "Screenshot %Y-%m-%d at %I.%M.%S\u202f%p.png",
]  # fmt: skip
WITHOUT = [
    "IMG-%Y%m%d-WA0001.jpg", "VID-%Y%m%d-WA0001.mp4", "WP_%Y%m%d_001.jpg",
    "%Y-%m-%d.jpg", "beach_%Y_%m_%d.jpg", "%Y.%m.%d Rome.jpg",
    "%Y-%m-%d 12.34 Berlin.jpg", "%Y-%m-%d-12-01.jpg", "%d.%m.%Y.jpg", "Oma_%Y%m%d.jpg",
]  # fmt: skip


@given(moments, st.sampled_from(WITH_TIME))
def test_a_time_in_a_name_is_read(moment: datetime.datetime, form: str) -> None:
    name = moment.strftime(form)
    assert date_in_name(name) == moment.isoformat()
    assert date_in_name(unicodedata.normalize("NFD", name)) == moment.isoformat()


@given(moments, st.sampled_from(WITHOUT))
def test_a_day_in_a_name_is_read(moment: datetime.datetime, form: str) -> None:
    assert date_in_name(moment.strftime(form)) == moment.date().isoformat()


@pytest.mark.parametrize(
    "name",
    ["DSC_0001.jpg", "1562243696000.jpg", "20190230.jpg", "2019-13-01.jpg", "18250101.jpg",
     f"{LAST_YEAR + 1}0101.jpg", "120190704.jpg", "201907041.jpg", "2019-07_04.jpg", "00000000.jpg",
     "DSC_18880101.jpg", "dsc_18880101-2.jpg", "DSCN18880101.JPG", "IMG_19120101_edited.jpg",
     "P19120101.jpg", "20190704-1a2b-4c3d-8e9f-0123456789ab.jpg", "3fa20190704bcdef0123.jpg",
     "FB_IMG_1562243696000.jpg", "photo-1501594907352-04cda38ebc29.jpg", "1920_1080.jpg",
     "10157891234567890_1234567890_n.jpg", "2019-7-4.jpg", "IMG_1900_1200.jpg", "4.7.2019.jpg",
     "4096x2160.jpg", "٢٠١٩٠٧٠٤.jpg", ""],
)  # fmt: skip
def test_other_numbers_are_no_dates(name: str) -> None:
    assert date_in_name(name) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("20190230_20190704.jpg", "2019-07-04"),  # the first that can be
        ("IMG_20190704_256060.jpg", "2019-07-04"),
        ("2019-07-04 at 13.34.56 PM.jpg", "2019-07-04"),
        ("2019-07-04 12.00.01 AM.jpg", "2019-07-04T00:00:01"),
        ("2024-03-01 24.00.00.jpg", "2024-03-01"),
        ("Photo on 2024-03-01 at 13.45 #2.jpg", "2024-03-01T13:45:00"),
        ("Zrzut ekranu 2024-03-1 o 9.45.01.png", "2024-03-01T09:45:01"),
        ("截屏2024-03-01 下午1.45.01.png", "2024-03-01T13:45:01"),
        ("截圖 2024-03-01 上午9.45.01.png", "2024-03-01T09:45:01"),
        ("스크린샷 2024-03-01 오후 1.45.01.png", "2024-03-01T13:45:01"),
        ("Captura 2024-03-01 a la(s) 1.45.01 p. m..png", "2024-03-01T13:45:01"),
        ("DSC_20190704.jpg", "2019-07-04"),
        ("19650704.jpg", "1965-07-04"),
    ],
)
def test_a_part_that_cannot_be_is_left_out(name: str, expected: str) -> None:
    assert date_in_name(name) == expected


pieces = st.sampled_from(
    ["20190704", "2019-07-04", "2019_02_30", "123456", "12.34.56", "99.99.99", "18000101", "_",
     "-", " ", " at ", "IMG", "1", "0", " PM"]
)  # fmt: skip


@given(st.lists(pieces | st.text(max_size=3), max_size=8).map("".join))
def test_whatever_is_found_is_real_and_stands_in_the_name(name: str) -> None:
    found = date_in_name(name)
    if found is not None:
        moment = datetime.datetime.fromisoformat(found)
        assert FIRST_YEAR <= moment.year <= LAST_YEAR
        digits = re.sub("[-_.]", "", name)
        year, month, day = found[:10].split("-")
        assert year + month + day in digits or day + month + year in digits


@given(moments, st.sampled_from(["", " Beach", "_Beach", "-beach", ", 2nd day", "/edits", "/a/b"]))
def test_a_day_that_is_a_folder(moment: datetime.datetime, behind: str) -> None:
    for form in ("%Y-%m-%d", "%Y%m%d", "%Y_%m_%d", "%Y.%m.%d", "%d.%m.%Y"):
        folder = f"/photos/{moment.strftime(form)}{behind}"
        assert date_of_folders(folder) == moment.date().isoformat()
    if "/" in behind or not behind:
        nested = f"/{moment:%Y/%m/%d}{behind}"
        assert date_of_folders(nested) == moment.date().isoformat()


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("/photos/2019", "2019"),
        ("/photos/2019/Beach", "2019"),
        ("/photos/2019/07", "2019-07"),
        ("/photos/2019/07/04", "2019-07-04"),
        ("/photos/2019/13", "2019"),
        ("/photos/2019/02/30", "2019-02"),  # the nearest that can be
        ("/photos/2019-07", "2019-07"),
        ("/photos/2019-07 Italy", "2019-07"),
        ("/photos/2017/2019-07-04", "2019-07-04"),
        ("/photos/2019-07-04/2018", "2018"),
        ("/photos/2019/2019-07-04 - 2019-07-10 Italy", "2019"),
        ("2019", "2019"),
        ("/photos/12/2019", "2019"),
    ],
)
def test_the_nearest_folder_that_is_a_date(folder: str, expected: str) -> None:
    assert date_of_folders(folder) == expected


@pytest.mark.parametrize(
    "name",
    ["", "100CANON", "07", "07/04", "1825", str(LAST_YEAR + 1), "2019 Italy", "2001 A Space",
     "2019-07-123", "201907", "2019-13", "2019-02-30", "1920x1080", "x2019-07-04", "2019-07-04x",
     "2019-07-04 - 2019-07-10 Italy", "٢٠١٩"],
)  # fmt: skip
def test_other_folders_are_no_dates(name: str) -> None:
    assert date_of_folders(f"/photos/{name}") is None


@given(st.lists(pieces | st.sampled_from(["/", "2019", "07", "04"]), max_size=8).map("".join))
def test_whatever_a_folder_gives_is_real(folder: str) -> None:
    found = date_of_folders(folder)
    if found is not None:
        datetime.date.fromisoformat(found + "-01-01"[: 10 - len(found)])
        assert FIRST_YEAR <= int(found[:4]) <= LAST_YEAR
