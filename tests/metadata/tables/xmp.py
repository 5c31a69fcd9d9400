"""XMP that isn't quite right, and right XMP in rare forms: what stands there is taken."""

from __future__ import annotations

import hashlib
import struct
from typing import Any

from tests.metadata.packets import NAMESPACES, alt, bag, packet, simple
from tests.metadata.pictures import picture
from tests.metadata.row import ALL, JPEG, SIDECAR, Content, Has, Lacks, Row, Something, row

_BOTH = (*JPEG, *SIDECAR)
_TITLE = alt("dc:title", "Swallows")
_WHOLE = packet(_TITLE + bag("dc:subject", "barn"))
_JUDGE = {"XMP-dc:Title": "Swallows"}
_WANTED: dict[str, Any] = {"title": "Swallows"}
_DC = NAMESPACES["dc"]


def _title(name: str, xmp: Content, formats: tuple[str, ...] = _BOTH, *, judged: bool = True,
           **wanted: Any) -> Row:  # fmt: skip
    """A packet in which the title stands, whatever is around it."""
    judge = _JUDGE if judged else {}
    return row(name, formats=formats, xmp=xmp, judge=judge, **{**_WANTED, **wanted})


def _described(inner: str, attributes: str = "") -> str:
    """Return a packet in which only the given text declares what it uses."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{NAMESPACES["rdf"]}">'
        f"<rdf:Description {attributes}>{inner}</rdf:Description></rdf:RDF></x:xmpmeta>"
    )


_PLAIN = f'<rdf:RDF xmlns:rdf="{NAMESPACES["rdf"]}"></rdf:RDF>'

_AROUND = [
    _title("whole", _WHOLE, ALL, keywords=("barn",)),
    _title("leftovers behind the packet", _WHOLE + "</rdf:RDF></x:xmpmeta>", ALL),
    _title("words behind the packet", _WHOLE + "\nleft over from an earlier, longer packet"),
    _title("NULs behind the packet", _WHOLE + "\0" * 200),
    _title("a second packet behind the first", _WHOLE + packet(alt("dc:description", "Martins")),
           ALL),
    _title("the tail of an older packet", _WHOLE + _WHOLE[len(_WHOLE) // 2 :]),
    _title("blank lines before the packet", "\n\n  " + _WHOLE),
    _title("a byte order mark before the packet", "\ufeff" + _WHOLE),
    _title("an XML declaration first", '<?xml version="1.0" encoding="UTF-8"?>\n' + _WHOLE),
    _title("an XML declaration behind a blank line", '\n<?xml version="1.0"?>\n' + _WHOLE,
           SIDECAR, judged=False),
    _title("no xpacket", _described(_TITLE, f'xmlns:dc="{_DC}"'), ALL),
    _title("RDF without xmpmeta", _described(_TITLE, f'xmlns:dc="{_DC}"')
           .replace('<x:xmpmeta xmlns:x="adobe:ns:meta/">', "").replace("</x:xmpmeta>", "")),
    _title("the old xapmeta", _WHOLE.replace("x:xmpmeta", "x:xapmeta"), ALL),
    _title("a comment before and within", _WHOLE.replace(
        "<dc:title>", "<!-- by hand --><dc:title><!-- here -->")),
    _title("UTF-16, little endian", _WHOLE.encode("utf-16")),
    _title("UTF-16, big endian", b"\xfe\xff" + _WHOLE.encode("utf-16-be")),
    _title("UTF-16 without its mark", _WHOLE.replace("\ufeff", "").encode("utf-16-le"),
           judged=False),
    _title("UTF-32", _WHOLE.replace("\ufeff", "").encode("utf-32"), judged=False),
    _title("line ends of Windows", _WHOLE.replace("\n", "\r\n")),
    _title("two RDF blocks", _WHOLE.replace("</rdf:RDF>", "</rdf:RDF>" + _PLAIN)),
    _title("UTF-8 that begins with its mark", _WHOLE.replace("\ufeff", "").encode("utf-8-sig")),
    _title("padding of four kilobytes",
           _WHOLE.replace("<?xpacket end", " " * 4096 + "<?xpacket end")),
]  # fmt: skip

_LETTERS = [
    _title("a control letter in another text", packet(
        simple("photoshop:Instructions", "\x0bfor the calendar") + _TITLE), ALL),
    row("a control letter in the title", formats=_BOTH, xmp=packet(alt("dc:title", "Swal\x01lows")),
        title="Swallows"),
    row("a NUL in the title", formats=_BOTH, xmp=packet(alt("dc:title", "Swallows\0\0")),
        title="Swallows"),
    row("a form feed between words", formats=_BOTH,
        xmp=packet(alt("dc:title", "Old\x0cwall")), title=Has("Old", "wall")),
    row("a bare ampersand", formats=ALL,
        xmp=_WHOLE.replace("Swallows", "Tom & Ann"), judge={"XMP-dc:Title": "Tom & Ann"},
        title="Tom & Ann"),
    row("a bare ampersand between letters", formats=_BOTH,
        xmp=_WHOLE.replace("Swallows", "B&B"), judge={"XMP-dc:Title": "B&B"}, title="B&B"),
    row("an ampersand in a keyword", formats=_BOTH, judge=_JUDGE,
        xmp=packet(_TITLE + "<dc:subject><rdf:Bag><rdf:li>R&B</rdf:li></rdf:Bag></dc:subject>"),
        title="Swallows", keywords=("R&B",)),
    row("an ampersand in an attribute", formats=_BOTH,
        xmp=packet(_TITLE, 'photoshop:City="Tom & Ann"'), judge=_JUDGE, title="Swallows"),
    row("HTML's entities", formats=_BOTH, xmp=_WHOLE.replace("Swallows", "Caf&eacute;&nbsp;Oslo"),
        title="Café Oslo"),
    row("entities that XML knows", formats=ALL, xmp=_WHOLE.replace("Swallows", "&lt;A&gt; &amp; B"),
        judge={"XMP-dc:Title": "<A> & B"}, title="<A> & B"),
    row("letters by number", formats=ALL, xmp=_WHOLE.replace("Swallows", "Z&#252;rich &#x1F382;"),
        judge={"XMP-dc:Title": "Zürich 🎂"}, title="Zürich 🎂"),
    row("a number that is no letter", formats=_BOTH, xmp=_WHOLE.replace("Swallows", "Old&#1; wall"),
        title="Old wall"),
    row("half a surrogate pair", formats=_BOTH, xmp=_WHOLE.replace("Swallows", "Old&#xD800; wall"),
        title=Has("Old", "wall")),
    row("a title within CDATA", formats=_BOTH,
        xmp=_WHOLE.replace("Swallows", "<![CDATA[Tom & Ann]]>"), title="Tom & Ann"),
    row("a bare less-than sign", formats=_BOTH,
        xmp=packet(_TITLE + "<dc:description>a < b</dc:description>"), title="Swallows"),
    row("Latin-1 that is announced", formats=_BOTH,
        xmp=('<?xml version="1.0" encoding="ISO-8859-1"?>'
             + _WHOLE.replace("\ufeff", "").replace("Swallows", "Zürich")).encode("latin-1"),
        title="Zürich"),
    row("Latin-1 that isn't announced", formats=ALL,
        xmp=_WHOLE.replace("\ufeff", "").replace("Swallows", "Zürich").encode("latin-1"),
        title="Zürich"),
    row("an encoding that nobody knows", formats=_BOTH,
        xmp='<?xml version="1.0" encoding="x-unknown"?>' + _WHOLE.replace("\ufeff", ""),
        title="Swallows"),
    row("UTF-8 that names itself UTF-16", formats=_BOTH,
        xmp='<?xml version="1.0" encoding="UTF-16"?>' + _WHOLE.replace("\ufeff", ""),
        title="Swallows"),
]  # fmt: skip

_QUALIFIED = (
    '<dc:title><rdf:Alt><rdf:li xml:lang="x-default" rdf:parseType="Resource">'
    "<rdf:value>Swallows</rdf:value><xmp:Label>checked</xmp:Label></rdf:li></rdf:Alt></dc:title>"
)
_QUALIFIED_KEYWORD = (
    "<dc:subject><rdf:Bag><rdf:li><rdf:Description><rdf:value>barn</rdf:value>"
    "<xmp:Label>checked</xmp:Label></rdf:Description></rdf:li></rdf:Bag></dc:subject>"
)

_NAMES = [
    _title("a prefix that nobody declares", packet(
        "<acme:Note>new</acme:Note>" + _TITLE, 'acme:Mark="1"'), ALL),
    _title("the usual prefix, not declared", packet(_TITLE, without="dc"), ALL),
    _title("another prefix for Dublin Core", packet(
        _TITLE.replace("dc:", "ns0:"), f'xmlns:ns0="{_DC}"', without="dc"), ALL),
    _title("Dublin Core as the default namespace", packet(
        _TITLE.replace("<dc:title>", f'<title xmlns="{_DC}">').replace("</dc:", "</")),
           judged=False),  # well-formed, but ExifTool knows prefixes only
    _title("a namespace without its last slash",  # debatable, but ExifTool reads it
           packet(_TITLE).replace(_DC, _DC.rstrip("/"))),
    _title("a prefix declared twice", packet(_TITLE).replace(
        f'xmlns:dc="{_DC}"', f'xmlns:dc="{_DC}" xmlns:dc="{_DC}"'), judged=False),
    _title("an attribute that stands there twice", packet(
        _TITLE, 'xmp:Rating="5" xmp:Rating="5"'), rating=5),
    _title("rdf:value with qualifiers", packet(_QUALIFIED), ALL, judged=False),
    row("a keyword with qualifiers", formats=ALL, xmp=packet(_QUALIFIED_KEYWORD),
        keywords=("barn",)),
    _title("a title that is an attribute", packet("", 'dc:title="Swallows"'), ALL),
    _title("a title that is a text", packet("<dc:title>Swallows</dc:title>"), ALL),
    _title("a title in a bag", packet(bag("dc:title", "Swallows"))),
    _title("a title with a language but no list", packet(
        '<dc:title xml:lang="en">Swallows</dc:title>'), judged=False),
    row("an empty default language", formats=_BOTH, title="Schwalben", judge={},
        xmp=packet(alt("dc:title", " ", {"de": "Schwalben"}))),
    _title("a structure without a list item", packet(
        _TITLE + '<Iptc4xmpCore:CreatorContactInfo Iptc4xmpCore:CiAdrCity="Rome"/>')),
    _title("an item without a language", packet(
        "<dc:title><rdf:Alt><rdf:li>Swallows</rdf:li></rdf:Alt></dc:title>")),
    _title("each property in its own description", packet(
        f'</rdf:Description><rdf:Description rdf:about="">{_TITLE}</rdf:Description>'
        f'<rdf:Description rdf:about="">{bag("dc:subject", "barn")}'), keywords=("barn",)),
    _title("two packets' worth in one RDF", packet(
        f'{_TITLE}</rdf:Description><rdf:Description rdf:about="uuid:1" xmp:Rating="3">'),
        rating=3),
    _title("a description without rdf:about", packet(_TITLE).replace(' rdf:about=""', "")),
    _title("about without its prefix", packet(_TITLE).replace("rdf:about", "about")),
    _title("a typed node in place of a description", packet(
        '<xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType="Resource"><xmp:Label>x</xmp:Label>'
        "</rdf:li></rdf:Alt></xmp:Thumbnails>" + _TITLE)),
]  # fmt: skip

_BROKEN = [
    _title("cut behind the title", packet(_TITLE + bag("dc:subject", "barn"))
           .partition("<dc:subject>")[0], ALL, judged=False),  # ExifTool gives up on both
    _title("cut within a later tag", packet(_TITLE + bag("dc:subject", "barn"))
           .partition("bject>")[0], judged=False),
    _title("a tag that is never closed", packet(_TITLE + "<photoshop:City>")),
    _title("tags that close in the wrong order", packet(
        "<xmp:Label><xmp:Nickname>x</xmp:Label></xmp:Nickname>" + _TITLE), judged=False),
    _title("an end tag too much", packet("</xmp:Label>" + _TITLE), judged=False),
    _title("an attribute without quotes", packet(_TITLE, "xmp:Rating=5"), judged=False),
    _title("an attribute without a blank before it", packet(_TITLE).replace(
        'rdf:about="" ', 'rdf:about=""xmp:Rating="3"')),
    _title("hidden markup between two keywords", packet(
        _TITLE + "<dc:subject><rdf:Bag><rdf:li>barn</rdf:li>\x02<rdf:li>owl</rdf:li></rdf:Bag>"
        "</dc:subject>"), keywords=("barn", "owl")),
    row("the file of a sidecar that was read in part tells of it", formats=SIDECAR,
        xmp=packet(_TITLE).partition("</rdf:Description>")[0], title="Swallows",
        errors=Something()),
    row("a control letter is told", formats=_BOTH, xmp=packet(alt("dc:title", "Swal\x01lows")),
        title="Swallows", errors=Something()),
    row("text behind the packet is told", formats=ALL, xmp=_WHOLE + "leftover", errors=Something()),
    row("whole XMP has nothing to tell", formats=ALL, xmp=_WHOLE, errors=""),
    row("a sidecar that is no XMP is told", formats=SIDECAR, xmp="shopping list: milk",
        errors=Something(), source="generated"),
    row("a sidecar that is a picture is told", formats=SIDECAR, xmp=picture("jpeg", 77),
        errors=Something(), source="generated"),
    row("no entity is expanded", formats=_BOTH, title=Lacks("lol"), listed=("photo.jpg",),
        xmp='<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
            '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]>'
            + _WHOLE.replace("\ufeff", "").replace("Swallows", "&d;&d;&d;&d;")),
    row("no file is read for an entity", formats=_BOTH, title=Lacks("root"),
        xmp='<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
            + _WHOLE.replace("\ufeff", "").replace("Swallows", "&f;")),
    row("a hundred thousand levels", formats=_BOTH, listed=("photo.jpg",), judge={},
        xmp=packet("<a>" * 20_000)),
]  # fmt: skip

_MASK = "<rdf:li crs:Mask='1' crs:Dabs='" + "d 0.5 0.5 " * 1000 + "'/>"  # 10 kB of brush strokes


def _masked(megabytes: int, behind: str) -> str:
    strokes = _MASK * (megabytes * 100)
    return packet(f"{_TITLE}<crs:Paint><rdf:Seq>{strokes}</rdf:Seq></crs:Paint>{behind}")


_LARGE = [
    row("a sidecar of 2 MB: masks before the words", formats=SIDECAR,
        xmp=lambda: _masked(2, bag("dc:subject", "barn")).encode(), title="Swallows",
        keywords=("barn",), errors=""),
    row("a sidecar of 12 MB: masks between the words", formats=SIDECAR,
        xmp=lambda: _masked(12, bag("dc:subject", "barn")).encode(), title="Swallows",
        keywords=("barn",), errors=""),
    row("a mask in one text of 3 MB", formats=SIDECAR,
        xmp=lambda: packet("", f'crs:Mask="{"0.5 " * 750_000}"').replace(
            "</rdf:Description>", f"{_TITLE}</rdf:Description>").encode(),
        title="Swallows", judge=_JUDGE),
    row("darktable's history", formats=SIDECAR, title="Swallows", keywords=("barn",), judge=_JUDGE,
        xmp=packet(_TITLE + bag("dc:subject", "barn") + "<darktable:history><rdf:Seq>"
                   + '<rdf:li darktable:operation="exposure" darktable:params="gz04"/>' * 300
                   + "</rdf:Seq></darktable:history>", 'xmp:Rating="3"'), rating=3),
]  # fmt: skip


def _extended(*, missing: bool = False, backwards: bool = False) -> bytes:
    """Return a JPEG whose XMP goes on in further segments (ISO 16684-3, 7.2)."""
    rest = packet(bag("dc:subject", "barn", "x" * 90_000)).encode()
    guid = hashlib.md5(rest).hexdigest().upper()
    main = packet(_TITLE, f'xmpNote:HasExtendedXMP="{guid}"').encode()
    segments = [b"http://ns.adobe.com/xap/1.0/\0" + main]
    for offset in range(0, len(rest), 60_000):
        head = b"http://ns.adobe.com/xmp/extension/\0" + guid.encode()
        part = struct.pack(">II", len(rest), offset) + rest[offset : offset + 60_000]
        segments.append(head + part)
    kept = segments[:-1] if missing else segments
    if backwards:
        kept = [segments[0], *reversed(segments[1:])]
    jpeg = picture("jpeg", 4711)
    written = b"".join(b"\xff\xe1" + struct.pack(">H", len(each) + 2) + each for each in kept)
    return jpeg[:2] + written + jpeg[2:]


_EXTENDED = [
    row("extended XMP", content=_extended, photo="photo.jpg", judge=_JUDGE, title="Swallows",
        keywords=Has("barn")),
    row("extended XMP in another order", content=lambda: _extended(backwards=True),
        photo="photo.jpg", judge=_JUDGE, title="Swallows", keywords=Has("barn")),
    row("extended XMP that lacks its end", content=lambda: _extended(missing=True),
        photo="photo.jpg", judge=_JUDGE, title="Swallows"),
    row("extended XMP as ExifTool writes it", "-XMP-dc:Title=Swallows", "-XMP-dc:Subject=barn",
        f"-XMP-photoshop:Instructions={'wall ' * 14_000}owl", formats=JPEG, judge=_JUDGE,
        title="Swallows", keywords=("barn",)),
]  # fmt: skip

ROWS = [*_AROUND, *_LETTERS, *_NAMES, *_BROKEN, *_LARGE, *_EXTENDED]
