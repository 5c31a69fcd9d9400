"""Programs: whole packets as photo programs and servers write them, with all that they say."""

from __future__ import annotations

from tests.metadata.packets import NAMESPACES, alt, bag, packet, simple
from tests.metadata.row import ALL, FILES, IPTC, JPEG, PNG, SIDECAR, Has, Near, row

_FACE = (
    '<mwg-rs:Regions rdf:parseType="Resource">'
    '<mwg-rs:AppliedToDimensions stDim:w="6000" stDim:h="4000" stDim:unit="pixel"/>'
    "<mwg-rs:RegionList><rdf:Bag><rdf:li>"
    '<rdf:Description mwg-rs:Rotation="0.00000" mwg-rs:Name="Ann Lee" mwg-rs:Type="Face">'
    '<mwg-rs:Area stArea:h="0.2" stArea:w="0.1" stArea:x="0.5" stArea:y="0.4"/>'
    "</rdf:Description></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>"
)
_TITLE, _DESCRIPTION = alt("dc:title", "Swallows"), alt("dc:description", "Our old wall")

_LIGHTROOM = packet(
    _TITLE + _DESCRIPTION + bag("dc:subject", "barn", "Oslo")
    + bag("lr:hierarchicalSubject", "barn", "Places|Norway|Oslo") + _FACE
    + bag("crs:ToneCurvePV2012", "0, 0", "255, 255", kind="Seq"),
    'xmp:ModifyDate="2023-05-06T10:00:00+02:00" xmp:CreateDate="2019-07-04T12:34:56.25"'
    ' xmp:MetadataDate="2023-05-06T10:00:00+02:00" xmp:Rating="4" xmp:Label="Red"'
    ' photoshop:DateCreated="2019-07-04T12:34:56.25" photoshop:City="Oslo"'
    ' photoshop:Country="Norway" photoshop:SidecarForExtension="CR2"'
    ' exif:GPSLatitude="59,54.8200N" exif:GPSLongitude="10,45.1300E"'
    ' crs:Version="15.0" crs:Exposure2012="+0.30" tiff:Make="Canon" dc:format="image/jpeg"',
)  # fmt: skip

_CATEGORIES = (
    "&lt;Categories&gt;&lt;Category Assigned=&quot;0&quot;&gt;Animals&lt;Category Assigned="
    "&quot;1&quot;&gt;Owl&lt;/Category&gt;&lt;/Category&gt;&lt;/Categories&gt;"
)
_DIGIKAM = packet(
    _TITLE + alt("dc:description", "Our old wall") + alt("exif:UserComment", "Our old wall")
    + alt("tiff:ImageDescription", "Our old wall") + bag("dc:subject", "Owl", kind="Seq")
    + bag("digiKam:TagsList", "Animals/Owl", kind="Seq")
    + bag("MicrosoftPhoto:LastKeywordXMP", "Animals/Owl")
    + bag("lr:hierarchicalSubject", "Animals|Owl") + bag("mediapro:CatalogSets", "Animals|Owl")
    + alt("digiKam:CaptionsAuthorNames", "Kunigunde") + _FACE,
    'xmp:Rating="3" MicrosoftPhoto:Rating="50" digiKam:PickLabel="0" digiKam:ColorLabel="0"'
    f' acdsee:categories="{_CATEGORIES}" exif:DateTimeOriginal="2019-07-04T12:34:56"'
    ' xmp:CreateDate="2020-01-01T00:00:00" tiff:Software="digiKam-8.3.0"',
)  # fmt: skip

_DARKTABLE = packet(
    bag("dc:subject", "darktable", "format", "jpg", "owl", kind="Seq")
    + bag("lr:hierarchicalSubject", "darktable|format|jpg", "Animals|owl", kind="Seq")
    + "<darktable:history><rdf:Seq>"
    '<rdf:li darktable:num="0" darktable:operation="exposure" darktable:params="gz04eJw"/>'
    "</rdf:Seq></darktable:history>" + _TITLE,
    'exif:DateTimeOriginal="2019:07:04 12:34:56.000" xmp:Rating="1"'
    ' xmpMM:DerivedFrom="photo.jpg" darktable:xmp_version="5" darktable:auto_presets_applied="1"',
)  # fmt: skip

_UUID = 'rdf:about="uuid:faf5bdd5-ba3d-11da-ad31-d33d75182f1b"'
_ITEM = f"""<rdf:{{0}} xmlns:rdf="{NAMESPACES["rdf"]}">{{1}}</rdf:{{0}}>"""
_WINDOWS_TITLE = _ITEM.format("Alt", '<rdf:li xml:lang="x-default">Our old wall</rdf:li>')
_WINDOWS = (
    "<?xpacket begin='ï»¿' id='W5M0MpCehiHzreSzNTczkc9d'?>\r\n"
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    f'<rdf:RDF xmlns:rdf="{NAMESPACES["rdf"]}">'
    f'<rdf:Description {_UUID} xmlns:dc="{NAMESPACES["dc"]}"/>'
    f'<rdf:Description {_UUID} xmlns:MicrosoftPhoto="{NAMESPACES["MicrosoftPhoto"]}">'
    "<MicrosoftPhoto:Rating>75</MicrosoftPhoto:Rating><MicrosoftPhoto:LastKeywordXMP>"
    + _ITEM.format("Bag", "<rdf:li>barn</rdf:li>\r\n\t\t\t<rdf:li>owl</rdf:li>")
    + "</MicrosoftPhoto:LastKeywordXMP></rdf:Description>"
    f'<rdf:Description {_UUID} xmlns:dc="{NAMESPACES["dc"]}">'
    f"<dc:title>{_WINDOWS_TITLE}</dc:title><dc:description>{_WINDOWS_TITLE}</dc:description>"
    "<dc:subject>" + _ITEM.format("Bag", "<rdf:li>barn</rdf:li><rdf:li>owl</rdf:li>")
    + "</dc:subject></rdf:Description>"
    f'<rdf:Description {_UUID} xmlns:xmp="{NAMESPACES["xmp"]}"><xmp:Rating>4</xmp:Rating>'
    "</rdf:Description></rdf:RDF></x:xmpmeta>\r\n" + (" " * 100 + "\n") * 20
    + "<?xpacket end='w'?>"
)  # fmt: skip

_APPLE = packet(
    _DESCRIPTION + _TITLE + bag("dc:subject", "barn", "owl", kind="Seq")
    + bag("Iptc4xmpExt:PersonInImage", "Ann Lee")
    + simple("photoshop:DateCreated", "2019-07-04T12:34:56+02:00")
    + simple("exif:GPSLatitude", "59.9137") + simple("exif:GPSLatitudeRef", "N")
    + simple("exif:GPSLongitude", "10.7522") + simple("exif:GPSLongitudeRef", "E"),
)  # fmt: skip

_CAPTURE_ONE = packet(
    _TITLE + bag("dc:subject", "Animals", "Owl") + bag("lr:hierarchicalSubject", "Animals|Owl"),
    'xmp:Rating="5" xmp:Label="Green" photoshop:Urgency="4" photoshop:City="Oslo"'
    ' Iptc4xmpCore:Location="Vigeland Park" photoshop:Headline="Storm over Husum"'
    ' photoshop:Instructions="For the calendar"',
)  # fmt: skip

_PHOTO_MECHANIC = packet(
    _DESCRIPTION + bag("dc:subject", "barn") + simple("photoshop:Headline", "Storm over Husum")
    + bag("photoshop:SupplementalCategories", "sea")
    + "<Iptc4xmpCore:CreatorContactInfo rdf:parseType='Resource'>"
    "<Iptc4xmpCore:CiAdrCity>Rome</Iptc4xmpCore:CiAdrCity></Iptc4xmpCore:CreatorContactInfo>",
    'photoshop:City="Oslo" Iptc4xmpCore:CountryCode="NO" photoshop:Country="Norway"'
    ' photoshop:DateCreated="2019-07-04T12:34:56+02:00" xmp:Rating="2"',
)  # fmt: skip

_GOOGLE = packet(
    "", 'GCamera:MotionPhoto="1" xmpNote:HasExtendedXMP="0123456789ABCDEF0123456789ABCDEF"'
    ' xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"',
)  # fmt: skip

_SIDECARS = [
    row("Lightroom", formats=ALL, xmp=_LIGHTROOM, judge={"XMP-mwg-rs:RegionName": "Ann Lee"},
        title="Swallows", description="Our old wall",
        keywords=("barn", "Oslo", "Places", "Norway"), people=("Ann Lee",),
        places=("Oslo", "Norway"), rating=4, position=Near(59.91367, 10.75217)),
    row("Lightroom's dates", formats=SIDECAR, xmp=_LIGHTROOM, in_time=("{photo}",),
        taken_from="sidecar", found=("swallows", "norway", "ann lee")),
    row("digiKam", formats=ALL, xmp=_DIGIKAM, judge={"XMP-digiKam:TagsList": "Animals/Owl"},
        title="Swallows", description="Our old wall", keywords=("Owl", "Animals"),
        people=("Ann Lee",), rating=3, notes=(), lost=("kunigunde", "assigned")),
    row("digiKam's dates", formats=SIDECAR, xmp=_DIGIKAM, taken_at="2019-07-04T12:34:56",
        taken_from="sidecar"),
    row("darktable", formats=SIDECAR, xmp=_DARKTABLE, judge={"XMP-dc:Title": "Swallows"},
        keywords=("owl", "Animals"), rating=1, title="Swallows", taken_from="sidecar"),
    row("Windows Explorer", formats=FILES, xmp=_WINDOWS, judge={"XMP-dc:Subject": ["barn", "owl"]},
        title="Our old wall", description="Our old wall", keywords=("barn", "owl"), rating=4,
        notes=()),
    row("Apple Photos", formats=ALL, xmp=_APPLE, judge={"XMP-exif:GPSLatitude": "59.9137"},
        title="Swallows", description="Our old wall", keywords=("barn", "owl"),
        people=("Ann Lee",), position=Near(59.9137, 10.7522)),
    row("Capture One", formats=ALL, xmp=_CAPTURE_ONE,
        judge={"XMP-iptcCore:Location": "Vigeland Park"}, keywords=("Animals", "Owl"), rating=5,
        places=("Vigeland Park", "Oslo"), notes=Has("Storm over Husum", "For the calendar")),
    row("Photo Mechanic", formats=ALL, xmp=_PHOTO_MECHANIC, judge={"XMP-photoshop:City": "Oslo"},
        description="Our old wall", places=("Oslo", "Norway"), rating=2, lost=("rome",)),
    row("a phone's motion photo says nothing", formats=FILES, xmp=_GOOGLE, source="generated",
        title="", keywords=(), notes=(), errors=""),
]  # fmt: skip

_EMBEDDED = [
    row("Picasa", "-IPTC:Caption-Abstract=Our old wall", "-IPTC:Keywords=barn",
        "-IPTC:Keywords=owl", "-XMP-dc:Subject=barn", "-XMP-dc:Subject=owl",
        "-XMP-dc:Description=Our old wall", formats=IPTC, description="Our old wall",
        keywords=("barn", "owl"), notes=()),
    row("Shotwell", "-IFD0:ImageDescription=Swallows", "-IPTC:Caption-Abstract=Swallows",
        "-XMP-dc:Title=Swallows", "-XMP-dc:Subject=barn", "-IPTC:Keywords=barn",
        "-XMP-xmp:Rating=4", formats=IPTC, title="Swallows", keywords=("barn",), rating=4),
    row("Immich's sidecar", "-XMP-dc:Description=Our old wall",
        "-XMP-tiff:ImageDescription=Our old wall", "-XMP-digiKam:TagsList=Animals/Owl",
        "-XMP-exif:DateTimeOriginal=2019:07:04 12:34:56+02:00", "-XMP-xmp:Rating=4",
        formats=SIDECAR, description="Our old wall", rating=4, taken_from="sidecar", notes=(),
        keywords=Has("Animals", "Owl")),
    row("Windows' fields together", "-IFD0:XPTitle=Our old wall",
        "-IFD0:ImageDescription=Our old wall", "-IFD0:XPKeywords=barn;owl",
        "-XMP-dc:Title=Our old wall", "-XMP-dc:Description=Our old wall",
        "-XMP-dc:Subject=barn", "-XMP-dc:Subject=owl", "-IFD0:Rating=4", "-IFD0:RatingPercent=75",
        title="Our old wall", description="Our old wall", keywords=("barn", "owl"), rating=4,
        notes=()),
    row("Adobe Bridge's IPTC block", "-XMP-photoshop:City=Oslo", "-IPTC:City=Oslo",
        "-XMP-dc:Title=Swallows", "-IPTC:ObjectName=Swallows", "-XMP-photoshop:Headline=Husum",
        "-IPTC:Headline=Husum", formats=IPTC, title="Swallows", places=("Oslo",), notes=("Husum",)),
    row("a JPEG's comment", "-File:Comment=Kunigunde in the garden", formats=JPEG,
        found=("kunigunde",), source="generated"),
    row("PNG's comment", "-PNG:Comment=Kunigunde in the garden", formats=PNG,
        found=("kunigunde",), source="generated"),
]  # fmt: skip

# What phones, drones and sites write into fields for people's words.
_PHONES = {
    "oplus_32": "UserComment", "oplus_33554432": "UserComment",
    "filter: 0; fileterIntensity: 0.0; filterMask: 0; captureOrientation: 0;": "UserComment",
    '{"mirror":false,"sensor_type":"rear","Hdr":"off","OpMode":32769,"AIScene":-1}': "UserComment",
    "Type=N, Mode=P, DE=None": "XPComment",
}  # fmt: skip

_JUNK = [
    *(row(f"a phone's {text[:30]!r}",
          f"-{'IFD0' if tag.startswith('XP') else 'ExifIFD'}:{tag}={text}", formats=JPEG,
          notes=(), source="generated")
      for text, tag in _PHONES.items()),
    row("a drone's versions as keywords", "-IFD0:XPKeywords=v01.20.1234;1.2.0;v1.0.0",
        formats=JPEG, keywords=()),
    row("Facebook's code", "-IPTC:SpecialInstructions=FBMD23000969010000c0570000a1b2c3d4e5",
        formats=IPTC, notes=()),
    row("a program's JPEG comment",
        "-File:Comment=CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90", formats=JPEG,
        notes=(), source="generated"),
    row("a program's PNG comment", "-PNG:Comment=Created with GIMP", formats=PNG, notes=()),
    row("a UserComment of blanks", f"-ExifIFD:UserComment={' ' * 30}x{' ' * 5}", formats=JPEG,
        judge={}, notes=("x",)),
]  # fmt: skip

ROWS = [*_SIDECARS, *_EMBEDDED, *_JUNK]
