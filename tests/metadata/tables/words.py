"""Titles, descriptions, alt text, notes and ratings, in every field that programs write."""

from __future__ import annotations

import zlib

from tests.metadata.containers import (
    chunk,
    exif,
    jpeg_with,
    jpeg_with_iptc,
    png_behind,
    png_with,
    saved,
)
from tests.metadata.packets import alt, packet, simple
from tests.metadata.row import ALL, FILES, IPTC, JPEG, PNG, SIDECAR, Has, Lacks, row

_LONG = "Kunigunde and her bicycle " * 100

_FIELDS = [
    row("dc:title", "-XMP-dc:Title=Swallows", formats=ALL, title="Swallows", caption="Swallows",
        source="title"),
    row("dc:description", "-XMP-dc:Description=Our old wall", formats=ALL,
        description="Our old wall", caption="Our old wall", source="description"),
    row("alt text", "-XMP-iptcCore:AltTextAccessibility=Ann on a ladder", formats=ALL,
        alt_text="Ann on a ladder", caption="Ann on a ladder", source="alt_text"),
    row("extended description", "-XMP-iptcCore:ExtDescrAccessibility=Ann paints the gable",
        formats=ALL, notes=Has("Ann paints the gable"), found=("gable",), source="generated"),
    row("alt text goes before the extended description",
        "-XMP-iptcCore:AltTextAccessibility=Ann on a ladder",
        "-XMP-iptcCore:ExtDescrAccessibility=Ann paints the gable", formats=ALL,
        caption="Ann on a ladder", alt_text="Ann on a ladder", found=("gable",)),
    row("alt text before description before title", "-XMP-dc:Title=Swallows",
        "-XMP-dc:Description=Our old wall", "-XMP-iptcCore:AltTextAccessibility=Ann on a ladder",
        formats=ALL, caption="Ann on a ladder", found=("swallows", "wall", "ladder")),
    row("headline", "-XMP-photoshop:Headline=Storm over Husum", formats=ALL,
        notes=Has("Storm over Husum"), found=("husum",)),
    row("IPTC headline", "-IPTC:Headline=Storm over Husum", formats=IPTC,
        notes=Has("Storm over Husum"), found=("husum",)),
    row("instructions", "-XMP-photoshop:Instructions=For the calendar", formats=ALL,
        found=("calendar",), source="generated"),
    row("IPTC instructions", "-IPTC:SpecialInstructions=For the calendar", formats=IPTC,
        found=("calendar",), source="generated"),
    row("IPTC title", "-IPTC:ObjectName=Swallows", formats=IPTC, title="Swallows"),
    row("IPTC caption", "-IPTC:Caption-Abstract=Our old wall", formats=IPTC,
        description="Our old wall", caption="Our old wall"),
    row("EXIF's description", "-IFD0:ImageDescription=Our old wall", description="Our old wall",
        caption="Our old wall"),
    row("EXIF's description with an umlaut", "-IFD0:ImageDescription=Zürich im März",
        description="Zürich im März"),
    row("EXIF's user comment", "-ExifIFD:UserComment=The gable before the storm",
        notes=Has("The gable before the storm"), found=("gable",), source="generated"),
    row("EXIF's user comment in Unicode", "-ExifIFD:UserComment=Der Giebel über Łódź, 東京",
        notes=Has("Der Giebel über Łódź, 東京"), found=("giebel",)),
    row("XMP's user comment", "-XMP-exif:UserComment=The gable before the storm", formats=ALL,
        found=("gable",), source="generated"),
    row("description in tiff:ImageDescription", "-XMP-tiff:ImageDescription=Our old wall",
        formats=ALL, found=("wall",)),
    row("XMP goes before IPTC, IPTC before EXIF", "-XMP-dc:Description=by XMP",
        "-IPTC:Caption-Abstract=by IPTC", "-IFD0:ImageDescription=by EXIF", formats=IPTC,
        description="by XMP"),
    row("IPTC goes before EXIF", "-IPTC:Caption-Abstract=by IPTC",
        "-IFD0:ImageDescription=by EXIF", formats=IPTC, description="by IPTC"),
    row("a sidecar goes before the file, field by field", "-XMP-dc:Title=in the file",
        "-XMP-dc:Description=Our old wall",
        beside={"{stem}.xmp": packet(alt("dc:title", "Beside"))},
        title="Beside", description="Our old wall"),
    row("a sidecar's empty title leaves the file's", "-XMP-dc:Title=in the file",
        beside={"{stem}.xmp": packet(alt("dc:title", " "))}, title="in the file"),
    row("a long description", f"-XMP-dc:Description={_LONG.strip()}", formats=ALL,
        description=_LONG.strip()),
    row("IPTC's caption where XMP's is empty", "-IPTC:Caption-Abstract=Our old wall",
        "-XMP-dc:Description= ", formats=IPTC, judge={}, description="Our old wall"),
    row("a title in a GIF", "-XMP-dc:Title=Swallows", content=saved("GIF", 51), photo="a.gif",
        title="Swallows"),  # debatable: a format that few people use
    row("a title in a JPEG 2000", "-XMP-dc:Title=Swallows", content=saved("JPEG2000", 52),
        photo="a.jp2", title="Swallows"),  # debatable: the same
    row("IPTC's repeated caption", "-IPTC:Caption-Abstract=Our old wall",
        "-IPTC:Keywords=Our old wall", formats=IPTC, description="Our old wall"),
    row("a title with quotes and signs", '-XMP-dc:Title="Tom & Ann" <3 = love; 100 %', formats=ALL,
        title='"Tom & Ann" <3 = love; 100 %'),
    row("an emoji title", "-XMP-dc:Title=Geburtstag 🎂", formats=ALL, title="Geburtstag 🎂"),
    row("right to left", "-XMP-dc:Title=ירושלים", formats=ALL, title="ירושלים",
        found=("ירושלים",)),
    row("decomposed letters are composed", "-XMP-dc:Title=Mu\u0308nchen", formats=ALL,
        title="München", found=("München", "munchen")),
    row("a collection's name", formats=ALL, found=("ski",), xmp=packet(
        '<mwg-coll:Collections xmlns:mwg-coll="http://www.metadataworkinggroup.com/schemas/'
        'collections/"><rdf:Bag><rdf:li mwg-coll:CollectionName="Ski trip"/></rdf:Bag>'
        "</mwg-coll:Collections>")),
    row("what the photo covers", "-XMP-dc:Coverage=Oslo harbour", formats=ALL, found=("harbour",)),
    row("lines become one line", formats=ALL, judge={},
        xmp=packet(alt("dc:description", "Our\nold\r\nwall")), description="Our old wall"),
]  # fmt: skip

_LANGUAGES = [
    row("the default language is shown, others are searched", "-XMP-dc:Title=Swallows",
        "-XMP-dc:Title-de=Schwalben", formats=ALL, title="Swallows",
        found=("swallows", "schwalben")),
    row("a description in three languages", "-XMP-dc:Description=Swallows",
        "-XMP-dc:Description-de-DE=Schwalben", "-XMP-dc:Description-fr=Hirondelles", formats=ALL,
        description="Swallows", found=("schwalben", "hirondelles")),
    row("alt text in two languages", "-XMP-iptcCore:AltTextAccessibility=Swallows",
        "-XMP-iptcCore:AltTextAccessibility-de=Schwalben", formats=ALL, alt_text="Swallows",
        found=("schwalben",)),
    row("a language without a default", formats=ALL,
        xmp=packet(alt("dc:title", languages={"de": "Schwalben"})),
        judge={"XMP-dc:Title-de": "Schwalben"}, title="Schwalben", found=("schwalben",)),
    row("the default language stands last", formats=ALL,
        xmp=packet(alt("dc:title", languages={"de": "Schwalben", "x-default": "Swallows"})),
        judge={"XMP-dc:Title": "Swallows"}, title="Swallows", found=("schwalben",)),
    row("one text in two languages is one text", formats=JPEG, judge={},
        xmp=packet(alt("dc:title", "Oslo", {"en-US": "Oslo"})), title="Oslo", notes=()),
]  # fmt: skip

_RATINGS = [
    *(row(f"rating {stars}", f"-XMP-xmp:Rating={stars}", formats=ALL, rating=stars)
      for stars in (1, 2, 3, 4, 5, -1)),
    row("rating 0 is none", "-XMP-xmp:Rating=0", formats=ALL, rating=None),
    row("rating 0 in a sidecar takes the stars away", "-XMP-xmp:Rating=5",
        beside={"{stem}.xmp": packet("", 'xmp:Rating="0"')}, rating=None),
    row("rating 0 in a sidecar takes EXIF's stars away", "-IFD0:Rating=5",
        beside={"{stem}.xmp": packet("", 'xmp:Rating="0"')}, rating=None),
    row("a sidecar without a rating leaves the stars", "-XMP-xmp:Rating=5",
        beside={"{stem}.xmp": packet(alt("dc:title", "Rome"))}, rating=5, title="Rome"),
    row("a rejected photo in a sidecar", "-XMP-xmp:Rating=5",
        beside={"{stem}.xmp": packet("", 'xmp:Rating="-1"')}, rating=-1),
    row("half stars are rounded down", "-XMP-xmp:Rating=3.5", formats=ALL, rating=3),
    row("half a star is none", formats=SIDECAR, xmp=packet("", 'xmp:Rating="0.5"'), rating=None),
    row("a rating with a fraction of zeros", formats=ALL, xmp=packet("", 'xmp:Rating="4.000"'),
        judge={"XMP-xmp:Rating": "4.000"}, rating=4),
    row("a rating as an element", formats=ALL, xmp=packet(simple("xmp:Rating", " 4\n")), rating=4),
    row("a rating with a comma", formats=SIDECAR, xmp=packet("", 'xmp:Rating="3,5"'), rating=3),
    row("six stars are none", formats=JPEG, xmp=packet("", 'xmp:Rating="6"'), rating=None),
    row("a rating that is no number", formats=JPEG, xmp=packet("", 'xmp:Rating="good"'),
        rating=None),
    row("EXIF's rating", "-IFD0:Rating=4", rating=4),
    row("XMP's rating goes before EXIF's", "-IFD0:Rating=2", "-XMP-xmp:Rating=4", rating=4),
    *(row(f"Windows' rating of {percent} percent", f"-XMP-microsoft:RatingPercent={percent}",
          formats=ALL, rating=stars)
      for percent, stars in {1: 1, 25: 2, 50: 3, 75: 4, 99: 5}.items()),
    row("EXIF's rating in percent", "-IFD0:RatingPercent=75", rating=4),
    row("stars go before percent", "-XMP-xmp:Rating=3", "-XMP-microsoft:RatingPercent=99",
        formats=ALL, rating=3),
]  # fmt: skip

_WINDOWS = [
    row("XPTitle", "-IFD0:XPTitle=Zürich, 東京", formats=FILES, title="Zürich, 東京"),
    row("XPComment", "-IFD0:XPComment=The gable before the storm",
        notes=Has("The gable before the storm"), found=("gable",)),
    row("XPSubject", "-IFD0:XPSubject=The gable of Husum", found=("husum",)),
    row("XPKeywords", "-IFD0:XPKeywords=barn;Łódź;summer day",
        keywords=("barn", "Łódź", "summer day")),
    row("XPKeywords and dc:subject are joined", "-IFD0:XPKeywords=barn;summer",
        "-XMP-dc:Subject=barn", "-XMP-dc:Subject=owl", keywords=("barn", "summer", "owl")),
    row("XPTitle is no second title", "-IFD0:XPTitle=Swallows", "-XMP-dc:Title=Swallows",
        title="Swallows", notes=()),
    row("dc:title goes before XPTitle", "-IFD0:XPTitle=Martins", "-XMP-dc:Title=Swallows",
        title="Swallows"),
    row("XPAuthor is nobody in the photo", "-IFD0:XPAuthor=Kunigunde", people=()),
]  # fmt: skip

_PNG = [
    row("PNG's Title", "-PNG:Title=Swallows", formats=PNG, title="Swallows", found=("swallows",)),
    row("PNG's Description", "-PNG:Description=Our old wall", formats=PNG,
        description="Our old wall"),
    row("PNG's Title with umlauts", "-PNG:Title=Zürich im März", formats=PNG,
        title="Zürich im März"),
    row("XMP goes before PNG's Title", "-PNG:Title=Martins", "-XMP-dc:Title=Swallows", formats=PNG,
        title="Swallows"),
    row("PNG's Software is no text", "-PNG:Software=gnome-screenshot", formats=PNG,
        source="generated", title="", notes=Lacks("gnome-screenshot")),
    row("PNG's Author isn't in the photo", "-PNG:Author=Kunigunde", formats=PNG, people=()),
]  # fmt: skip

_COMMENTS = {
    "ASCII": b"ASCII\0\0\0The gable",
    "no code at all": b"The gable",
    "an unknown code": bytes(8) + b"The gable",
    "UTF-8 as ASCII": "ASCII\0\0\0gable: ü".encode(),
    "Unicode, little endian": b"UNICODE\0" + "The gable".encode("utf-16-le"),
    "Unicode, big endian": b"UNICODE\0" + "The gable".encode("utf-16-be"),
    "Unicode with its mark": b"UNICODE\0" + "The gable".encode("utf-16"),
    "NULs behind it": b"ASCII\0\0\0The gable" + bytes(40),
    "UTF-8 as Unicode": b"UNICODE\0The gable of Husum",
}
_EXIF = [
    *(row(f"user comment: {name}", content=jpeg_with(200 + number, comment=text),
          photo="a.jpg",
          found=("gable",), source="generated")
      for number, (name, text) in enumerate(_COMMENTS.items())),
    row("a description ends at its NUL", photo="a.jpg", description="Our old wall",
        judge={"IFD0:ImageDescription": "Our old wall"},
        content=jpeg_with(299, description="Our old wall\0\0rubbish")),
]  # fmt: skip


_XMP = packet(alt("dc:title", "Swallows")).encode()
_ITXT = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(_XMP)
_RARE_PNG = [
    row("PNG: compressed XMP", photo="a.png", content=png_with(chunk(b"iTXt", _ITXT), number=53),
        judge={"XMP-dc:Title": "Swallows"}, title="Swallows"),
    row("PNG: XMP behind the pixels", photo="a.png", judge={"XMP-dc:Title": "Swallows"},
        content=png_behind(chunk(b"iTXt", _ITXT), number=54), title="Swallows"),
    row("PNG: Title behind the pixels", photo="a.png", judge={"PNG:Title": "Swallows"},
        content=png_behind(chunk(b"tEXt", b"Title\0Swallows"), number=55), title="Swallows"),
    row("PNG: a compressed Title", photo="a.png", judge={"PNG:Title": "Swallows"}, title="Swallows",
        content=png_with(chunk(b"zTXt", b"Title\0\0" + zlib.compress(b"Swallows")), number=56)),
    row("PNG: a Title in Latin-1", photo="a.png", judge={"PNG:Title": "Zürich"}, title="Zürich",
        content=png_with(chunk(b"tEXt", "Title\0Zürich".encode("latin-1")), number=57)),
    row("PNG: EXIF behind the pixels", photo="a.png", description="Our old wall",
        judge={"IFD0:ImageDescription": "Our old wall"},
        content=png_behind(chunk(b"eXIf", exif(description="Our old wall")[6:]), number=58)),
]  # fmt: skip

_CODES = [
    row("IPTC announced as UTF-8", "-IPTC:CodedCharacterSet=\x1b%G", "-IPTC:ObjectName=Łódź",
        formats=IPTC, judge={"IPTC:ObjectName": "Łódź"}, title="Łódź"),
    row("IPTC that announces nothing, in UTF-8", "-IPTC:ObjectName=Łódź", formats=IPTC,
        judge={"IPTC:ObjectName": "Łódź"}, title="Łódź"),
    row("IPTC that announces nothing, in Latin-1", "-charset", "iptc=latin",
        "-IPTC:ObjectName=Zürich", formats=IPTC, judge={}, title="Zürich"),
    *(row(f"IPTC that announces {what}, in {code}", photo="a.jpg", title="Zürich, Gerät",
          content=jpeg_with_iptc("Zürich, Gerät".encode(code), announced, number))
      for number, (what, announced, code) in enumerate([
          ("nothing", b"", "mac_roman"), ("nothing", b"", "cp1252"),
          ("UTF-8", b"\x1b%G", "latin-1"), ("UTF-8", b"\x1b%G", "utf-8"),
          ("Latin-2", b"\x1b-B", "iso8859-2")])),
    row("EXIF's description in Latin-1", "-charset", "exif=latin", "-IFD0:ImageDescription=Zürich",
        formats=JPEG, judge={}, description="Zürich"),
]  # fmt: skip

ROWS = [*_FIELDS, *_LANGUAGES, *_RATINGS, *_WINDOWS, *_PNG, *_RARE_PNG, *_EXIF, *_CODES]
