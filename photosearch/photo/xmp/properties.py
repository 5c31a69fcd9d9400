"""Properties of XMP: what each says about a photo, in the form of all formats."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum, auto

from photosearch.photo.dates import DateSource, iso_date
from photosearch.photo.junk import without_own
from photosearch.photo.user_metadata import UserMetadata, cleaned, stars
from photosearch.photo.xmp.acdsee import assigned_categories
from photosearch.photo.xmp.rdf import Value


class _Use(Enum):
    """What a property is read as."""

    TITLE = auto()
    DESCRIPTION = auto()
    ALT_TEXT = auto()
    NOTE = auto()
    KEYWORD = auto()  # with levels between "|", if it has levels
    PATH = auto()  # a keyword with levels between "/"
    CATEGORIES = auto()  # a text with markup of its own
    PERSON = auto()
    REGION_NAME = auto()
    REGION_TYPE = auto()
    PLACE = auto()
    LATITUDE = auto()
    LONGITUDE = auto()
    LATITUDE_LETTER = auto()  # N or S, if the latitude has none
    LONGITUDE_LETTER = auto()
    STARS = auto()
    PERCENT = auto()
    TAKEN = auto()
    DIGITISED = auto()
    GPS_TIME = auto()
    MODIFIED = auto()


_REGION = "mwg-rs:Regions/mwg-rs:RegionList"
_ACDSEE_REGION = "acdsee-rs:Regions/acdsee-rs:RegionList"
_IPTC_REGION = "Iptc4xmpExt:ImageRegion"
_MOST_LEVELS = 12  # of keywords, each within the other


def _in_locations(field: str, use: _Use) -> dict[str, _Use]:
    """Return the rows of a field that is there for the place of the camera and of the motif."""
    return {f"Iptc4xmpExt:Location{which}/{field}": use for which in ("Created", "Shown")}


def _nested_keywords() -> Iterator[str]:
    """Yield the paths of the keywords in the hierarchies of the Metadata Working Group."""
    level = "mwg-kw:Keywords/mwg-kw:Hierarchy"
    for _ in range(_MOST_LEVELS):
        yield f"{level}/mwg-kw:Keyword"
        level += "/mwg-kw:Children"


# Of properties with the same use, the upper goes before the lower.
_USES: Mapping[str, _Use] = {
    "dc:title": _Use.TITLE,
    "acdsee:caption": _Use.TITLE,
    "dc:description": _Use.DESCRIPTION,
    "tiff:ImageDescription": _Use.DESCRIPTION,
    "acdsee:notes": _Use.DESCRIPTION,
    "Iptc4xmpCore:AltTextAccessibility": _Use.ALT_TEXT,
    "Iptc4xmpCore:ExtDescrAccessibility": _Use.NOTE,
    "photoshop:Headline": _Use.NOTE,
    "exif:UserComment": _Use.NOTE,
    "photoshop:Instructions": _Use.NOTE,
    "photoshop:SupplementalCategories": _Use.NOTE,
    "Iptc4xmpExt:Event": _Use.NOTE,
    "Iptc4xmpExt:OrganisationInImageName": _Use.NOTE,
    "Iptc4xmpExt:ArtworkOrObject/Iptc4xmpExt:AOTitle": _Use.NOTE,
    "dc:coverage": _Use.NOTE,
    "mediapro:Event": _Use.NOTE,
    "mwg-coll:Collections/mwg-coll:CollectionName": _Use.NOTE,
    f"{_REGION}/mwg-rs:Description": _Use.NOTE,
    f"{_IPTC_REGION}/Iptc4xmpExt:Name": _Use.NOTE,
    "dc:subject": _Use.KEYWORD,
    "acdsee:keywords": _Use.KEYWORD,
    "lr:hierarchicalSubject": _Use.KEYWORD,
    "mediapro:CatalogSets": _Use.KEYWORD,
    "expressionmedia:CatalogSets": _Use.KEYWORD,
    "digiKam:TagsList": _Use.PATH,
    "MicrosoftPhoto:LastKeywordXMP": _Use.PATH,
    "MicrosoftPhoto:LastKeywordIPTC": _Use.PATH,
    **dict.fromkeys(_nested_keywords(), _Use.KEYWORD),
    "acdsee:categories": _Use.CATEGORIES,
    f"{_REGION}/mwg-rs:Name": _Use.REGION_NAME,
    f"{_REGION}/mwg-rs:Type": _Use.REGION_TYPE,
    f"{_ACDSEE_REGION}/acdsee-rs:Name": _Use.REGION_NAME,
    f"{_ACDSEE_REGION}/acdsee-rs:Type": _Use.REGION_TYPE,
    "MP:RegionInfo/MPRI:Regions/MPReg:PersonDisplayName": _Use.PERSON,
    "Iptc4xmpExt:PersonInImage": _Use.PERSON,
    "Iptc4xmpExt:PersonInImageWDetails/Iptc4xmpExt:PersonName": _Use.PERSON,
    f"{_IPTC_REGION}/Iptc4xmpExt:PersonInImage": _Use.PERSON,
    "mediapro:People": _Use.PERSON,
    "expressionmedia:People": _Use.PERSON,
    **_in_locations("Iptc4xmpExt:LocationName", _Use.PLACE),
    "mediapro:Location": _Use.PLACE,
    "Iptc4xmpCore:Location": _Use.PLACE,
    **_in_locations("Iptc4xmpExt:Sublocation", _Use.PLACE),
    "photoshop:City": _Use.PLACE,
    **_in_locations("Iptc4xmpExt:City", _Use.PLACE),
    "photoshop:State": _Use.PLACE,
    **_in_locations("Iptc4xmpExt:ProvinceState", _Use.PLACE),
    "photoshop:Country": _Use.PLACE,
    **_in_locations("Iptc4xmpExt:CountryName", _Use.PLACE),
    **_in_locations("Iptc4xmpExt:WorldRegion", _Use.PLACE),
    "exif:GPSLatitude": _Use.LATITUDE,
    "exif:GPSLongitude": _Use.LONGITUDE,
    "exif:GPSLatitudeRef": _Use.LATITUDE_LETTER,  # by Apple
    "exif:GPSLongitudeRef": _Use.LONGITUDE_LETTER,
    **_in_locations("exif:GPSLatitude", _Use.LATITUDE),
    **_in_locations("exif:GPSLongitude", _Use.LONGITUDE),
    "xmp:Rating": _Use.STARS,
    "acdsee:rating": _Use.STARS,
    "MicrosoftPhoto:Rating": _Use.PERCENT,
    "exif:DateTimeOriginal": _Use.TAKEN,
    "photoshop:DateCreated": _Use.TAKEN,
    "acdsee:datetime": _Use.TAKEN,
    "exif:DateTimeDigitized": _Use.DIGITISED,
    "xmp:CreateDate": _Use.DIGITISED,
    "exif:GPSTimeStamp": _Use.GPS_TIME,
    "xmp:ModifyDate": _Use.MODIFIED,
    "tiff:DateTime": _Use.MODIFIED,
}

WANTED = frozenset(_USES)
"""The paths of the properties that say something about a photo."""

_STARS = re.compile(r"\s*(-?\d)(?:[.,]\d*)?\s*", re.ASCII)
_PERCENT = re.compile(r"\s*(\d{1,3})(?:[.,]\d*)?\s*", re.ASCII)
_NUMBER = r"\d{1,20}(?:\.\d{0,20})?"
_COORDINATE = re.compile(
    rf"\s*([+-])?({_NUMBER})(?:[^\w.+-]{{1,9}}(?:deg )?({_NUMBER}))?(?:[^\w.+-]{{1,9}}({_NUMBER}))?"
    r"[^\w.+-]{0,9}([NSEW])?\s*",
    re.ASCII | re.IGNORECASE,
)


def user_metadata(found: Iterable[Value], *, is_sidecar: bool, language: str) -> UserMetadata:
    """Return what the properties of a packet say.

    Args:
        found: the values of the properties in `WANTED`.
        is_sidecar: whether the packet is a sidecar's: then the date of the photo is a person's.
        language: of the user, like `de` or `pt-BR`; empty: not known. Of a text in several
            languages, the user's is shown, or else the default; the others are notes.
    """
    uses: dict[_Use, list[Value]] = {use: [] for use in _Use}
    by_path: dict[str, list[Value]] = {path: [] for path in _USES}
    for value in found:
        by_path[value.path].append(value)
    for path, use in _USES.items():
        uses[use] += by_path[path]
    shown, others = {}, []
    for use in (_Use.TITLE, _Use.DESCRIPTION, _Use.ALT_TEXT):
        shown[use], rest = _best_and_rest(uses[use], language)
        others += rest
    kinds = {value.owner: _plain(value.text) for value in uses[_Use.REGION_TYPE]}
    regions: dict[str, list[str]] = {"face": [], "pet": [], "other": []}
    for name in uses[_Use.REGION_NAME]:
        kind = kinds.get(name.owner) or "face"
        regions[kind if kind in regions else "other"].append(name.text)
    return cleaned(
        UserMetadata(
            title=shown[_Use.TITLE],
            description=shown[_Use.DESCRIPTION],
            alt_text=shown[_Use.ALT_TEXT],
            keywords=(*_keywords(uses), *regions["pet"]),
            rating=_rating(uses),
            people=(*regions["face"], *_texts(uses[_Use.PERSON])),
            places=tuple(_texts(uses[_Use.PLACE])),
            notes=(*others, *_texts(uses[_Use.NOTE]), *regions["other"]),
            position=_position(uses),
            dates=dict(_dates(uses, is_sidecar)),
        )
    )


def user_language(environment: Mapping[str, str]) -> str:
    """Return the language that a user wants messages in, like `de` or `pt-BR`; empty: unknown."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if wanted := environment.get(name):
            language = re.split(r"[:.@]", wanted)[0].replace("_", "-")
            return "" if language in ("C", "POSIX") else language
    return ""


def _texts(found: Iterable[Value]) -> list[str]:
    return [value.text for value in found]


def _plain(text: str) -> str:
    return text.strip().casefold()


def _best_and_rest(found: list[Value], language: str) -> tuple[str, list[str]]:
    """Return the text to show, of the first property that has a text, and the other texts."""
    if not found:
        return "", []
    wanted = language.casefold()

    def rank(value: Value) -> int:
        has = value.language.casefold().replace("_", "-")
        if wanted and has == wanted:
            return 0
        if wanted and has.split("-")[0] == wanted.split("-")[0]:
            return 1
        return 2 if has in ("x-default", "") else 3

    best = min((value for value in found if value.path == found[0].path), key=rank)
    return best.text, [value.text for value in found if value is not best]


def _keywords(uses: Mapping[_Use, list[Value]]) -> Iterator[str]:
    """Yield keywords: those without levels first, then each level of the others."""
    branches = [text.split("|") for text in _texts(uses[_Use.KEYWORD])]
    branches += [text.split("/") for text in _texts(uses[_Use.PATH])]
    branches += [
        names for text in _texts(uses[_Use.CATEGORIES]) for names in assigned_categories(text)
    ]
    flat = [levels[0] for levels in branches if len(levels) == 1]
    yield from without_own(flat, [levels for levels in branches if len(levels) > 1])


def _rating(uses: Mapping[_Use, list[Value]]) -> int | None:
    """Return 0 to 5, or -1; half stars are rounded down."""
    for text in _texts(uses[_Use.STARS]):
        found = _STARS.fullmatch(text)
        if found and (number := int(found[1])) in range(-1, 6):
            return number
    for text in _texts(uses[_Use.PERCENT]):
        found = _PERCENT.fullmatch(text)
        if found:
            return stars(int(found[1]))
    return None


def _position(uses: Mapping[_Use, list[Value]]) -> tuple[float, float] | None:
    """Return the first latitude and longitude in degrees that belong together."""
    longitudes = {
        (value.path.rpartition("/")[0], value.owner): _lettered(value, uses[_Use.LONGITUDE_LETTER])
        for value in reversed(uses[_Use.LONGITUDE])
    }
    for value in uses[_Use.LATITUDE]:
        latitude = _degrees(_lettered(value, uses[_Use.LATITUDE_LETTER]), "NS", 90)
        other = longitudes.get((value.path.rpartition("/")[0], value.owner), "")
        longitude = _degrees(other, "EW", 180)
        if latitude is not None and longitude is not None:
            return latitude, longitude
    return None


def _lettered(coordinate: Value, letters: list[Value]) -> str:
    """Return a coordinate with the letter that stands beside it, if it has no letter or sign."""
    text = coordinate.text.strip()
    beside = [letter.text.strip()[:1] for letter in letters if letter.owner == coordinate.owner]
    is_bare = text[:1].isdigit() and not text[-1:].isalpha() and "/" not in coordinate.path
    return text + beside[0] if is_bare and beside else text


def _degrees(text: str, letters: str, limit: float) -> float | None:
    """Return a coordinate in degrees: `51,30.5N`, `51,30,15N` or `-51.5`; None if it is none."""
    found = _COORDINATE.fullmatch(text)
    if not found:
        return None
    sign, *parts, letter = found.groups()
    letter = (letter or "").upper()
    if letter not in letters or (not letter and parts[1]):
        return None
    degrees = math.fsum(float(part or 0) / 60**power for power, part in enumerate(parts))
    is_negative = sign == "-" or letter == letters[1]
    if degrees > limit or (sign and letter):
        return None
    return -degrees if is_negative else degrees


def _dates(uses: Mapping[_Use, list[Value]], is_sidecar: bool) -> Iterator[tuple[DateSource, str]]:
    """Yield the first real date of each source."""
    sources = (
        (_Use.TAKEN, DateSource.SIDECAR if is_sidecar else DateSource.CREATED),
        (_Use.DIGITISED, DateSource.DIGITISED),
        (_Use.GPS_TIME, DateSource.GPS),
        (_Use.MODIFIED, DateSource.MODIFIED),
    )
    for use, source in sources:
        date = next(filter(None, (iso_date(value.text) for value in uses[use])), None)
        if date is not None:
            yield source, date
