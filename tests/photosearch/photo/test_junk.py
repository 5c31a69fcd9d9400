"""Texts of cameras and programs, told apart from people's; each rule with both its sides."""

import time

import pytest

from photosearch.photo.junk import is_doubtful, is_junk, is_own_branch, without_own

BY_CAMERAS = [
    "_cuva", "HELLOMOTO", "My beautiful picture", "binary comment", "dav_soft", "dav", "oznorCO",
    "oznorco", "edf_vivi", "<Digimax S500 / Kenox S500>", "<KENOX S630 / Samsung S630>",
    "oplus_131104",
    "SAMSUNG CAMERA PICTURES", "OLYMPUS DIGITAL CAMERA", "KODAK Digital Still Camera", "SONY DSC",
    "Minolta DSC", "Exif_JPEG_PICTURE", "DCIM\\100MEDIA\\DJI_0001.JPG", "default description",
    "filter: 0; fileterIntensity: 0.000000; filterMask: 0; module: photo; touch: (-1.0, -1.0);",
    '{"total_effects_actions":0,"source":"camera"}', "charset=Ascii",
    "Shot on OnePlus", "Shot on Mi 9 SE", "SHOT ON MI MIX2S AI DUAL CAMERA", "Exif_JPEG_422",
    "Sent from my iPhone", "Digital StillCamera", "EXIF JPEG T1.3", "{ev: 0.3, iso: 100}",
    "photographed with Canon", "Type=N, Mode=P, DE=None", "DCIM100GOPRO", "EPSON DSC picture",
]  # fmt: skip
BY_PROGRAMS = [
    "XV Version 3.10a  Rev: 12/29/94", "Created by OpenJPEG version 2.5.4",
    "LEAD Technologies Inc. V1.01", "Created with GIMP", "Created with The GIMP",
    "Created with GIMP on a Mac", "CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 80",
    "File written by Adobe Photoshop® 4.0", "Adobe Photoshop CS2 Windows", "Picasa", "Picasa 2.7",
    "AppleMark", "ACD Systems Digital Imaging", "Handmade Software, Inc. Image Alchemy v1.11",
    "Intel(R) JPEG Library, version [1.51.12.44]", "U-Lead Systems, Inc.", "Paint.NET v3.36",
    "JPEG Encoder Copyright 1998, James R. Weeks and BioElectroMech.", "Lavc58.91.100",
    "Processed by Snapseed 2.0", "Google Photos 5.3", "Untitled", "Untitled-1",
    "Untitled design - 12", "Edited with Lightroom Classic 9.1", "AccuSoft Corp.",
]  # fmt: skip
IDENTIFIERS = [
    "v01.20.1234", "1.2.0",
    "FBMD01000a9f0d0000", "9f86d081884c7d659a2feaa0c55ad015", "xmp.did:F77F117407206811",
    "550e8400-e29b-41d4-a716-446655440000", "{550E8400-E29B-41D4-A716-446655440000}",
    "iVBORw0KGgoAAAANSUhEUgAAAAUA", "SGVsbG8gd29ybGQsIHRoaXMgaXM=", "xr:d:DAFx1y2z:3,j:12",
    '<?xml version="1.0"?>', '[{"x":1}]', "{}",
]  # fmt: skip
NAMES = [
    "IMG_1234", "DSC01234.JPG", "DSC01234", "_DSC1234", "IMG-20190704-WA0001", "IMG 1234",
    "P1010023", "100_1234", "100-1234", "CIMG0001 (1)", "C:\\Users\\ann\\scan.tif", "photo 001",
    "/home/ann/Pictures/x y", "sunset.jpg", "my cat.jpeg", "20190704", "12345", "new_york",
    "Canon", "NIKON CORPORATION", "Canon EOS 5D", "Canon PowerShot A520", "SAMSUNG", "HDR",
    "https://www.flickr.com/photos/x", "www.example.org", "<untitled>", "Processed by Ann",
    "Insta360", "Made with KineMaster", "Edited by Ann",
    "Old digital camera", "ASCII", "JPEG", "Adobe", "Aperture 3",
    "Processed with VSCO with a6 preset", "default", "null", "n/a", "Unknown", "Picture 12",
    "scan0001", "Gimp", "DSC",
    "SM-G950F", "ILCE-7M3", "DMC-FZ1000", "Microsoft Word - Document1", "KODAK EASYSHARE CAMERA",
    "Foto",
    "a1b2c3d4e5", "n1234567890", "DSCN1234copy", "Image Description", "2019-07-04-12-33-11",
]  # fmt: skip
BY_PEOPLE = [
    "Anna", "Dav", "Nor", "K2", "R2-D2", "B-52", "Mt. Fuji", "Paris 2019", "2019", "1911", "AC/DC",
    "Sam 2010", "JULY2019", "M31", "U2", "Route 66", "7 up", "Ω", "東京", "Zoë", "O'Brien", "Rome",
    "My Olympus digital camera, at last", "SONY DSC of Ann", "Hdr of the bridge", "Canon in D",
    "Adobe church 1776", "Google lunch", "Instagram dinner with Ann", "A picture of Ann", "L.A.",
    "Jpeg artefacts", "Left: Ann; middle: Bob; right: Carl", "Ann: 3; Bob: me; Carl: you",
    "Donaudampfschifffahrtsgesellschaftskapitän", "Llanfairpwllgwyngyllgogerychwyrndrobwyll",
    "decade", "feedface", "I love { brackets", "Photo of us", "Image of Rome", "Bild von Anna",
    "The Gimp suit", "Lumix day", "Olympus at dawn", "Vivo en Madrid", "Leica meeting",
    "Xmas", "1st", "50%", "#family", "@home", "a/b", "Untitled love song", "E.T.", "H2O", "F-16",
    "Shot on a rainy day", "Taken by surprise", "2019-07-04", "19.07.2019", "Paris2019", "U-571",
    "Photo 2019", "Foto Ann", "Scan of a letter", "Unknown soldier", "Boeing747",
    "Title fight", "Default", "XV", "Super Bowl XV",
    "Created by Ann", "Created with love", "Made in Taiwan",
    "Left=Ann, middle=Bob, right=Carl", "19.07.19", "1.2.03",
    "Camera obscura", "Shot by Ann", "Sent from home", "Default city", "PH-BFN",
]  # fmt: skip


@pytest.mark.parametrize("text", BY_CAMERAS + BY_PROGRAMS + IDENTIFIERS)
def test_what_no_person_writes_is_junk(text: str) -> None:
    assert is_junk(text)


@pytest.mark.parametrize("text", NAMES)
def test_a_name_may_be_a_persons(text: str) -> None:
    assert is_doubtful(text)
    assert not is_junk(text)


@pytest.mark.parametrize("text", BY_PEOPLE)
def test_peoples_words_stay(text: str) -> None:
    assert not is_junk(text)
    assert not is_doubtful(text)


@pytest.mark.parametrize(
    "text", BY_PEOPLE + NAMES + ["hdr", "_todo", "jpg", "soft", "photoshop", "GIMP"]
)
def test_a_keyword_is_a_persons(text: str) -> None:
    assert without_own([text]) == (text,)


NOT_IN_KEYWORDS = {*BY_CAMERAS, *BY_PROGRAMS, *IDENTIFIERS} - {
    "dav", "oznorCO", "oznorco", "Picasa", "AppleMark", "Lavc58.91.100"
}  # fmt: skip


@pytest.mark.parametrize("text", sorted(NOT_IN_KEYWORDS))
def test_junk_is_no_keyword(text: str) -> None:
    assert without_own(["Ann", text], [["places", text]]) == ("Ann", "places")


def test_programs_own_branches_are_no_keywords() -> None:
    assert is_own_branch(["darktable", "exported"])
    assert is_own_branch(["_Digikam_Internal_Tags_", "Color Label None"])
    assert not is_own_branch(["exported", "darktable"])
    assert not is_own_branch([])
    for written in ("darktable|exported", "_Digikam_Internal_Tags_/Pick Label None"):
        assert without_own([written, "Ann"]) == ("Ann",)


def test_copies_of_programs_own_levels_are_no_keywords() -> None:
    flat = ["darktable", "exported", "format", "jpg", "Ann", "bridge"]
    own = [["darktable", "exported"], ["darktable", "format", "jpg"]]
    assert without_own(flat) == ("Ann", "bridge")
    assert without_own(flat, own) == ("Ann", "bridge")
    assert without_own(["style", "mine"], [["darktable", "style", "mine"]]) == ()


def test_a_persons_keyword_with_a_programs_name_stays() -> None:
    assert without_own(["format", "exported", "jpg"]) == ("format", "exported", "jpg")
    branches = [["darktable", "format", "jpg"], ["paper", "format"]]
    assert without_own(["format", "jpg"], branches) == ("format", "paper", "format")


@pytest.mark.parametrize(
    "text", ["-" * 4000, "canon " * 600, "a: " * 1300, "aA1" * 1300, "gimp " + "-1." * 1300,
             "created with " + "1 " * 140, "adobe " + "a." * 140, "[ " * 2000, "_" * 4000,
             "gimp" + " -" * 148, "gimp" + " v1.1" * 59 + "!", "shot on mi" + " s" * 140 + "!",
             "a" * 299, "1a" * 149 + "!"]
)  # fmt: skip
def test_long_texts_take_no_time(text: str) -> None:
    started = time.process_time()
    is_junk(text)
    is_doubtful(text)
    assert time.process_time() - started < 0.2
