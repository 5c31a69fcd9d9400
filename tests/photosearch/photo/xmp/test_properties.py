"""Properties: what each says about a photo."""

import pytest

from photosearch.photo.dates import DateSource
from photosearch.photo.user_metadata import UserMetadata
from photosearch.photo.xmp.properties import WANTED, user_language, user_metadata
from photosearch.photo.xmp.rdf import Value

REGION = "mwg-rs:Regions/mwg-rs:RegionList"
CREATED, SHOWN = "Iptc4xmpExt:LocationCreated", "Iptc4xmpExt:LocationShown"


def said(*values: tuple[str, str], sidecar: bool = False) -> UserMetadata:
    """What properties say, each given by its path and text."""
    found = [Value(path, text) for path, text in values]
    return user_metadata(found, is_sidecar=sidecar, language="")


@pytest.mark.parametrize("path", sorted(WANTED))
def test_every_property_says_something(path: str) -> None:
    start, _, name = path.rpartition(":")
    texts = {
        "Name": "Ann", "Rating": "1", "rating": "3", "datetime": "2001", "DateTime": "2001",
        "GPSLatitude": "10", "GPSLongitude": "10", "GPSTimeStamp": "2001-02-03T04:05:06Z",
        "categories": '<Category Assigned="1">Rome</Category>', "Type": "Focus",
        "GPSLatitudeRef": "S", "GPSLongitudeRef": "W",
    }  # fmt: skip
    text = texts.get(name, "2001" if "Date" in name else "Rome")
    partner = {"GPSLatitude": "GPSLongitude", "GPSLongitude": "GPSLatitude", "Type": "Name"}
    beside = [(f"{start}:{partner[name]}", texts[partner[name]])] if name in partner else []
    if name.endswith("Ref"):
        beside = [(f"exif:{name}", texts[name]) for name in ("GPSLatitude", "GPSLongitude")]
    assert said(*beside, (path, text)) != said(*beside)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("dc:title", "title"), ("acdsee:caption", "title"), ("dc:description", "description"),
        ("tiff:ImageDescription", "description"), ("acdsee:notes", "description"),
        ("Iptc4xmpCore:AltTextAccessibility", "alt_text"),
    ],
)  # fmt: skip
def test_texts(path: str, field: str) -> None:
    assert said((path, "On the\nbridge ")) == UserMetadata(**{field: "On the bridge"})  # type: ignore[arg-type]


def test_texts_that_give_way_are_notes() -> None:
    assert said(
        ("tiff:ImageDescription", "Scan of Ann"),
        ("dc:description", "Ann waves"),
        ("photoshop:Headline", "Summer in Rome"),
        ("exif:UserComment", "ann waves"),
        ("Iptc4xmpCore:ExtDescrAccessibility", "Ann stands on a bridge, and she waves"),
    ) == UserMetadata(
        description="Ann waves",
        notes=("Scan of Ann", "Ann stands on a bridge, and she waves", "Summer in Rome"),
    )


@pytest.mark.parametrize(
    ("language", "title", "notes"),
    [
        ("", "Roma", ("Rom", "Rome", "Rome, yes")),
        ("de", "Rom", ("Roma", "Rome", "Rome, yes")),
        ("de-AT", "Rom", ("Roma", "Rome", "Rome, yes")),
        ("en-GB", "Rome, yes", ("Rom", "Roma", "Rome")),
        ("en", "Rome", ("Rom", "Roma", "Rome, yes")),
        ("fr", "Roma", ("Rom", "Rome", "Rome, yes")),
    ],
)
def test_the_users_language_is_shown_and_all_are_searched(
    language: str, title: str, notes: tuple[str, ...]
) -> None:
    texts = {"de-DE": "Rom", "x-default": "Roma", "en-US": "Rome", "en-gb": "Rome, yes"}
    found = user_metadata(
        [Value("dc:title", text, its) for its, text in texts.items()],
        is_sidecar=False,
        language=language,
    )
    assert found == UserMetadata(title, notes=notes)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, ""), ({"LANG": "C.UTF-8"}, ""), ({"LANG": "POSIX"}, ""), ({"LANG": ""}, ""),
        ({"LANG": "de_DE.UTF-8"}, "de-DE"), ({"LANG": "sr_RS@latin"}, "sr-RS"),
        ({"LANG": "de_DE", "LC_ALL": "fr_FR.UTF-8"}, "fr-FR"),
        ({"LANG": "de_DE", "LANGUAGE": "pt_BR:en"}, "pt-BR"),
        ({"LANG": "de_DE", "LC_MESSAGES": "C"}, ""),
    ],
)  # fmt: skip
def test_the_users_language(environment: dict[str, str], language: str) -> None:
    assert user_language(environment) == language


@pytest.mark.parametrize(
    ("path", "text", "keywords"),
    [
        ("dc:subject", "AC/DC", ("AC/DC",)),
        ("dc:subject", "Animals|Dog", ("Animals", "Dog")),
        ("acdsee:keywords", "Dog", ("Dog",)),
        ("lr:hierarchicalSubject", "Music|AC/DC|Angus", ("Music", "AC/DC", "Angus")),
        ("lr:hierarchicalSubject", "|Dog||", ("Dog",)),
        ("digiKam:TagsList", "Places/Italy/Rome", ("Places", "Italy", "Rome")),
        ("MicrosoftPhoto:LastKeywordXMP", "Places/Rome", ("Places", "Rome")),
        ("mediapro:CatalogSets", "Places|Rome", ("Places", "Rome")),
        ("expressionmedia:CatalogSets", "Rome", ("Rome",)),
        ("lr:hierarchicalSubject", "darktable|format|jpg", ()),
        ("digiKam:TagsList", "_Digikam_Internal_Tags_/Color Label Red", ()),
        (
            "acdsee:categories",
            '<Categories><Category Assigned="0">Places<Category Assigned="1">Rome</Category>'
            '<Category Assigned="0">Paris</Category></Category><Category Assigned="1">Dog'
            "</Category></Categories>",
            ("Dog", "Places", "Rome"),
        ),
        ("acdsee:categories", "<Category", ()),
    ],
)
def test_keywords(path: str, text: str, keywords: tuple[str, ...]) -> None:
    assert said((path, text)) == UserMetadata(keywords=keywords)


def test_keywords_of_programs_and_their_flat_copies() -> None:
    assert said(
        ("dc:subject", "darktable"), ("dc:subject", "exported"), ("dc:subject", "jpg"),
        ("dc:subject", "Rome"), ("lr:hierarchicalSubject", "darktable|exported|jpg"),
        ("lr:hierarchicalSubject", "Places|Rome"),
    ).keywords == ("Rome", "Places")  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("Face", "people"), ("face ", "people"), ("", "people"), (None, "people"),
        ("Pet", "keywords"), ("Focus", "notes"), ("BarCode", "notes"), ("F?ce", "notes"),
    ],
)  # fmt: skip
def test_names_of_regions(kind: str | None, field: str) -> None:
    values = [Value(f"{REGION}/mwg-rs:Name", "Ann", "", 7), Value(f"{REGION}/mwg-rs:Name", "", "")]
    if kind is not None:
        values.append(Value(f"{REGION}/mwg-rs:Type", kind, "", 7))
    values.append(Value(f"{REGION}/mwg-rs:Type", "Focus", "", 8))
    found = user_metadata(values, is_sidecar=False, language="")
    assert found == UserMetadata(**{field: ("Ann",)})  # type: ignore[arg-type]


def test_people_of_all_programs() -> None:
    assert said(
        ("MP:RegionInfo/MPRI:Regions/MPReg:PersonDisplayName", "Ann"),
        ("Iptc4xmpExt:PersonInImage", "Ben"),
        ("Iptc4xmpExt:PersonInImage", "ann"),
        ("Iptc4xmpExt:PersonInImageWDetails/Iptc4xmpExt:PersonName", "Cy"),
        ("mediapro:People", "Di"),
    ) == UserMetadata(people=("Ann", "Ben", "Cy", "Di"))


def test_places_are_the_narrowest_first_each_once() -> None:
    assert said(
        ("photoshop:Country", "Italy"), ("photoshop:City", "Rome"), ("photoshop:State", "Lazio"),
        ("Iptc4xmpCore:Location", "Trastevere"), (f"{SHOWN}/Iptc4xmpExt:City", "Ostia"),
        (f"{CREATED}/Iptc4xmpExt:City", "rome"), (f"{CREATED}/Iptc4xmpExt:LocationName", "Bar Ann"),
        (f"{SHOWN}/Iptc4xmpExt:CountryName", "Italia"),
    ).places == ("Bar Ann", "Trastevere", "Rome", "Ostia", "Lazio", "Italy", "Italia")  # fmt: skip


@pytest.mark.parametrize(
    ("latitude", "longitude", "position"),
    [
        ("51,30.5N", "0,7.5W", (51 + 30.5 / 60, -7.5 / 60)),
        ("51,30,36N", "0,7,12E", (51.51, 0.12)),
        ("51.5", "-0.125", (51.5, -0.125)),
        ("+51.5", "+7", (51.5, 7.0)),
        ("51.5S", "7E", (-51.5, 7.0)),
        ("51 deg 30' 36.00\" N", "0 deg 7' 12.00\" W", (51.51, -0.12)),
        ("51°30′36″N", "0°7′12″W", (51.51, -0.12)),
        ("51,30.5n", "0,7.5w", (51 + 30.5 / 60, -7.5 / 60)),
        ("0,0.0N", "0,0.0E", None),
        ("0", "0.000", None),
        ("0,0N", "9,0E", (0.0, 9.0)),
        ("91", "7", None),
        ("51", "181", None),
        ("90,30N", "7E", None),
        ("51,30", "7,30", None),  # which hemisphere?
        ("51E", "7N", None),
        ("-51N", "7E", None),
        ("51", "", None),
        ("", "7", None),
        ("nan", "7", None),
        ("1e5", "7", None),
        ("north", "7", None),
    ],
)
def test_positions(latitude: str, longitude: str, position: tuple[float, float] | None) -> None:
    found = said(("exif:GPSLatitude", latitude), ("exif:GPSLongitude", longitude)).position
    assert found == (position and pytest.approx(position))


def test_latitude_and_longitude_belong_together() -> None:
    values = [
        Value(f"{SHOWN}/exif:GPSLatitude", "50", "", 1),
        Value(f"{SHOWN}/exif:GPSLongitude", "7", "", 2),
        Value(f"{SHOWN}/exif:GPSLatitude", "51", "", 2),
        Value(f"{CREATED}/exif:GPSLongitude", "8", "", 1),
    ]
    assert user_metadata(values, is_sidecar=False, language="").position == (51, 7)


@pytest.mark.parametrize(
    ("text", "rating"),
    [("5", 5), ("-1", -1), ("0", 0), ("3.0", 3), ("3.5", 3), ("4,5", 4), (" 2 ", 2), ("0.5", 0),
     ("6", None), ("-2", None), ("x", None), ("nan", None), ("", None), ("٣", None),
     ("1e9", None), ("45", None)],
)  # fmt: skip
def test_ratings(text: str, rating: int | None) -> None:
    assert said(("xmp:Rating", text)).rating == rating


def test_ratings_in_percent() -> None:
    for stars, percent in enumerate((0, 1, 25, 50, 75, 99)):
        assert said(("MicrosoftPhoto:Rating", str(percent))).rating == stars
    assert said(("MicrosoftPhoto:Rating", "101")).rating is None
    assert said(("xmp:Rating", "0"), ("MicrosoftPhoto:Rating", "75")).rating == 0
    assert said(("xmp:Rating", "?"), ("MicrosoftPhoto:Rating", "75")).rating == 4


def test_dates_by_source() -> None:
    values = [
        ("photoshop:DateCreated", "1931"), ("exif:DateTimeOriginal", "2003-03-03T03:03:03"),
        ("xmp:CreateDate", "2002-02-02"), ("xmp:ModifyDate", "2023"),
        ("exif:GPSTimeStamp", "2003-03-03T02:03:03Z"),
    ]  # fmt: skip
    others = {
        DateSource.DIGITISED: "2002-02-02",
        DateSource.GPS: "2003-03-03T02:03:03+00:00",
        DateSource.MODIFIED: "2023",
    }
    shutter = "2003-03-03T03:03:03"
    assert said(*values).dates == {DateSource.CREATED: shutter, **others}
    assert said(*values, sidecar=True).dates == {DateSource.SIDECAR: shutter, **others}
    values[1] = ("exif:DateTimeOriginal", "0000-00-00")
    assert said(*values).dates[DateSource.CREATED] == "1931"
