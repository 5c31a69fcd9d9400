"""Dates in the names of files and folders."""

from __future__ import annotations

from tests.metadata.row import JPEG, Begins, Row, row

_FILE_TIME = "2021-05-05T05:05:05"

# Names without their ending; the date that each holds, or None.
_NAMES = {
    "IMG_20190704_123456": "2019-07-04T12:34:56",
    "IMG_20190704_123456_1": "2019-07-04T12:34:56",
    "IMG_20190704_123456_HDR": "2019-07-04T12:34:56",
    "IMG_20190704_123456~2": "2019-07-04T12:34:56",
    "IMG20190704123456": "2019-07-04T12:34:56",
    "MVIMG_20190704_123456": "2019-07-04T12:34:56",
    "PXL_20210101_093012345": "2021-01-01T09:30:12",
    "PXL_20210101_093012345.PORTRAIT": "2021-01-01T09:30:12",
    "PXL_20210101_093012345~2": "2021-01-01T09:30:12",
    "20190704_123456": "2019-07-04T12:34:56",
    "20190704_123456(0)": "2019-07-04T12:34:56",
    "20190704123456": "2019-07-04T12:34:56",
    "00000IMG_00000_BURST20190704123456789_COVER": "2019-07-04T12:34:56",
    "WIN_20190704_12_34_56_Pro": "2019-07-04T12:34:56",
    "IMG-20190704-WA0001": "2019-07-04",
    "WhatsApp Image 2019-07-04 at 12.34.56": "2019-07-04T12:34:56",
    "WhatsApp Image 2019-07-04 at 1.34.56 PM": "2019-07-04T13:34:56",
    "WhatsApp Image 2019-07-04 at 12.04.56 AM (1)": "2019-07-04T00:04:56",
    "signal-2019-07-04-123456": "2019-07-04T12:34:56",
    "signal-2019-07-04-12-34-56-789": "2019-07-04T12:34:56",
    "photo_2019-07-04_12-34-56": "2019-07-04T12:34:56",
    "photo_2019-07-04 12.34.56": "2019-07-04T12:34:56",
    "2019-07-04 12.34.56": "2019-07-04T12:34:56",
    "2019-07-04 12.34.56-1": "2019-07-04T12:34:56",
    "2019-07-04_12-34-56_000": "2019-07-04T12:34:56",
    "2019-07-04T12.34.56": "2019-07-04T12:34:56",
    "Screenshot_2020-01-02-12-34-56": "2020-01-02T12:34:56",
    "Screenshot_20200102-123456_Chrome": "2020-01-02T12:34:56",
    "Screenshot 2020-01-02 123456": "2020-01-02T12:34:56",
    "Screenshot from 2020-01-02 12-34-56": "2020-01-02T12:34:56",
    "Screenshot 2020-01-02 at 12.34.56": "2020-01-02T12:34:56",
    "Screen Shot 2020-01-02 at 1.34.56 PM": "2020-01-02T13:34:56",
    "Screen Shot 2020-01-02 at 1.34.56\u202fPM": "2020-01-02T13:34:56",
    "Bildschirmfoto 2024-03-01 um 13.45.01": "2024-03-01T13:45:01",
    "Capture d’écran 2024-03-01 à 13.45.01": "2024-03-01T13:45:01",
    "Captura de pantalla 2024-03-01 a las 13.45.01": "2024-03-01T13:45:01",
    "Captura de Tela 2024-03-01 às 13.45.01": "2024-03-01T13:45:01",
    "Schermata 2024-03-01 alle 13.45.01": "2024-03-01T13:45:01",
    "Schermafbeelding 2024-03-01 om 13.45.01": "2024-03-01T13:45:01",
    "Skärmavbild 2024-03-01 kl. 13.45.01": "2024-03-01T13:45:01",
    "Zrzut ekranu 2024-03-1 o 13.45.01": "2024-03-01T13:45:01",
    "Screenshot_2020-01-02-12-34-56-789_com.android.chrome": "2020-01-02T12:34:56",
    "IMG_20190704_123456_789": "2019-07-04T12:34:56",
    "C360_2019-07-04-12-34-56-789": "2019-07-04T12:34:56",
    "CameraZOOM-20190704123456789": "2019-07-04T12:34:56",
    "20190704T123456Z": "2019-07-04T12:34:56",
    "scan 2019-07-04 (2)": "2019-07-04",
    "20190704_256199": "2019-07-04",
    "DSC_20190704": "2019-07-04",
    "IMG_20190704_250000": "2019-07-04",
    "1965-07-04 Oma": "1965-07-04",
    "1888-07-04 tower": "1888-07-04",  # a scan that a person named
    "2019_07_04": "2019-07-04",
    "2019.07.04 Oslo": "2019-07-04",
    "Oslo 2019-07-04": "2019-07-04",
    "20190704-Oslo": "2019-07-04",
    "DSC_18880101": None,  # a camera's number: no camera of 1888 named its files
    "DSC_18250101": None,
    "DSC_0001": None,
    "IMG_9999": None,
    "P1010023": None,
    "12345678": None,
    "1700000000": None,
    "20191301": None,
    "1080-1920": None,
    "IMG_20191304_123456": None,
    "IMG_20190230": None,
    "IMG_20990101_120000": None,
    "wallpaper 1920x1080": None,
    "FB_IMG_1562243696000": None,
    "4006381333931": None,
    "a2019070412345678b": None,
}
_FOLDERS = {
    "1999-12-31": "1999-12-31",
    "19991231": "1999-12-31",
    "1999_12_31": "1999-12-31",
    "1999-12": "1999-12",
    "1999": "1999",
    "1999/12/31": "1999-12-31",  # debatable: the year, the month and the day above each other
    "2019-07-04 Oslo": "2019-07-04",  # debatable: the name isn't only a date
    "2019/2019-07-04": "2019-07-04",
    "100CANON": None,
    "2099-01-01": None,
    "1080": None,
    "Oslo": None,
}


def _name(name: str, date: str | None) -> Row:
    if date is None:
        return row(f"name {name!r}", formats=JPEG, photo=name, taken_at=_FILE_TIME,
                   taken_from="file")  # fmt: skip
    whole: object = Begins(date) if "T" in date else date  # parts of a second may follow
    return row(f"name {name!r}", formats=JPEG, photo=name, taken_at=whole, taken_from="name")


def _folder(folder: str, date: str | None) -> Row:
    source = "file" if date is None else "folder"
    return row(f"folder {folder!r}", formats=JPEG, photo=f"{folder}/scan",
               taken_at=date or _FILE_TIME, taken_from=source)  # fmt: skip


ROWS = [
    *(_name(name, date) for name, date in _NAMES.items()),
    *(_folder(folder, date) for folder, date in _FOLDERS.items()),
]
