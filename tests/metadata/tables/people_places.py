"""People, places and positions that people wrote."""

from __future__ import annotations

from tests.metadata.packets import bag, packet, simple
from tests.metadata.row import ALL, FILES, IPTC, JPEG, SIDECAR, Has, Lacks, Near, row

_DIMENSIONS = "AppliedToDimensions={W=16,H=16,Unit=pixel}"
_AREA = "Area={X=0.5,Y=0.5,W=0.1,H=0.1,Unit=normalized}"


def _faces(*names: str, kind: str = "Face") -> str:
    """Return the argument that writes the Working Group's regions."""
    regions = ",".join(f"{{{_AREA},Name={name},Type={kind}}}" for name in names)
    return f"-XMP-mwg-rs:RegionInfo={{{_DIMENSIONS},RegionList=[{regions}]}}"


def _windows(*names: str) -> str:
    """Return the argument that writes Windows' regions."""
    regions = ",".join(f"{{PersonDisplayName={name}}}" for name in names)
    return f"-XMP-MP:RegionInfoMP={{Regions=[{regions}]}}"


# Apple Photos and digiKam write regions with attributes, within a list of descriptions.
_APPLE = (
    '<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Seq>'
    '<rdf:li><rdf:Description mwg-rs:Name="Ann Lee" mwg-rs:Type="Face">'
    '<mwg-rs:Area stArea:x="0.5" stArea:y="0.5" stArea:w="0.1" stArea:h="0.1"'
    ' stArea:unit="normalized"/></rdf:Description></rdf:li>'
    '<rdf:li rdf:parseType="Resource"><mwg-rs:Name>Bo</mwg-rs:Name>'
    "<mwg-rs:Type>Face</mwg-rs:Type></rdf:li>"
    "</rdf:Seq></mwg-rs:RegionList></mwg-rs:Regions>"
)
_UNNAMED = _APPLE.replace('mwg-rs:Name="Ann Lee" ', "").replace("Bo", " ")
_MICROSOFT = (
    '<MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag>'
    '<rdf:li MPReg:Rectangle="0.1, 0.1, 0.2, 0.2" MPReg:PersonDisplayName="Ann Lee"/>'
    "</rdf:Bag></MPRI:Regions></MP:RegionInfo>"
)
_PLACE = "{City=Oslo,CountryName=Norway,ProvinceState=Østlandet,Sublocation=Grünerløkka}"

_ACDSEE = 'xmlns:acdsee-rs="http://ns.acdsee.com/regions/"'

_PEOPLE = [
    row("face regions", _faces("Ann Lee", "Bo"), formats=ALL,
        judge={"XMP-mwg-rs:RegionName": ["Ann Lee", "Bo"]}, people=("Ann Lee", "Bo"),
        found=("ann", "bo")),
    row("Apple's face regions", formats=ALL, xmp=packet(_APPLE),
        judge={"XMP-mwg-rs:RegionName": ["Ann Lee", "Bo"]}, people=("Ann Lee", "Bo")),
    row("face regions with attributes of the item", formats=ALL, people=("Ann Lee",),
        judge={"XMP-mwg-rs:RegionName": "Ann Lee"},
        xmp=packet('<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag>'
                   '<rdf:li mwg-rs:Name="Ann Lee" mwg-rs:Type="Face"/></rdf:Bag>'
                   "</mwg-rs:RegionList></mwg-rs:Regions>")),
    row("a face region without a type", formats=ALL, people=("Ann Lee",),
        judge={"XMP-mwg-rs:RegionName": "Ann Lee"},
        xmp=packet('<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag>'
                   '<rdf:li mwg-rs:Name="Ann Lee"/></rdf:Bag>'
                   "</mwg-rs:RegionList></mwg-rs:Regions>")),
    row("faces without names", formats=ALL, xmp=packet(_UNNAMED), people=()),
    row("a region that is no face", _faces("4006381333931", kind="BarCode"), formats=ALL,
        judge={"XMP-mwg-rs:RegionName": "4006381333931"}, people=()),
    row("a pet's region is found", _faces("Kunigunde", kind="Pet"), formats=ALL,
        judge={"XMP-mwg-rs:RegionName": "Kunigunde"}, found=("kunigunde",)),
    row("Windows' regions", _windows("Ann Lee", "Bo"), formats=ALL,
        judge={"XMP-MP:RegionPersonDisplayName": ["Ann Lee", "Bo"]}, people=("Ann Lee", "Bo")),
    row("Windows' regions with attributes", formats=ALL, xmp=packet(_MICROSOFT),
        judge={"XMP-MP:RegionPersonDisplayName": "Ann Lee"}, people=("Ann Lee",)),
    row("PersonInImage", "-XMP-iptcExt:PersonInImage=Ann Lee", "-XMP-iptcExt:PersonInImage=Bo",
        formats=ALL, people=("Ann Lee", "Bo")),
    row("PersonInImageWDetails",  # debatable: the notes don't name it
        "-XMP-iptcExt:PersonInImageName=Ann Lee", formats=ALL, found=("ann",)),
    row("IPTC's image regions",  # debatable: the notes don't name them
        "-XMP-iptcExt:ImageRegion={Name=Ann Lee,RId=1}", formats=ALL, judge={}, found=("ann",)),
    row("ACDSee's regions", formats=ALL, people=("Ann Lee",),
        xmp=packet(f'<acdsee-rs:Regions {_ACDSEE} rdf:parseType="Resource"><acdsee-rs:RegionList>'
                   '<rdf:Bag><rdf:li><rdf:Description acdsee-rs:Type="Face"'
                   ' acdsee-rs:Name="Ann Lee"/></rdf:li></rdf:Bag></acdsee-rs:RegionList>'
                   "</acdsee-rs:Regions>")),
    row("a name with blanks around it", formats=ALL, people=("Ann Lee",),
        xmp=packet(bag("Iptc4xmpExt:PersonInImage", " Ann  Lee\n", ""))),
    row("a name with a comma", "-XMP-iptcExt:PersonInImage=Lee, Ann", formats=ALL,
        people=("Lee, Ann",), found=("ann lee",)),
    row("all three say one name", _faces("Ann Lee"), _windows("Ann Lee"),
        "-XMP-iptcExt:PersonInImage=Ann Lee", formats=ALL, judge={}, people=("Ann Lee",)),
    row("people in file and sidecar", "-XMP-iptcExt:PersonInImage=Ann Lee",
        beside={"{stem}.xmp": packet(bag("Iptc4xmpExt:PersonInImage", "Bo"))}, people=Has("Bo"),
        found=("bo",)),
    row("a person with a letter of another script", "-XMP-iptcExt:PersonInImage=山田 太郎",
        formats=ALL, people=("山田 太郎",), found=("山田",)),
    row("the photographer is not in the photo", "-XMP-dc:Creator=Kunigunde",
        "-IFD0:Artist=Kunigunde", people=Lacks("Kunigunde")),
    row("people are no keywords", "-XMP-iptcExt:PersonInImage=Ann Lee", "-XMP-dc:Subject=barn",
        formats=ALL, people=("Ann Lee",), keywords=("barn",)),
]  # fmt: skip

_PLACES = [
    row("photoshop's city, state and country", "-XMP-photoshop:City=Oslo",
        "-XMP-photoshop:State=Østlandet", "-XMP-photoshop:Country=Norway", formats=ALL,
        places=("Oslo", "Østlandet", "Norway"), found=("oslo", "norway")),
    row("Iptc4xmpCore:Location", "-XMP-iptcCore:Location=Grünerløkka", formats=ALL,
        places=("Grünerløkka",)),
    row("the narrowest place first", "-XMP-photoshop:Country=Norway", "-XMP-photoshop:City=Oslo",
        "-XMP-photoshop:State=Østlandet", "-XMP-iptcCore:Location=Grünerløkka", formats=ALL,
        places=("Grünerløkka", "Oslo", "Østlandet", "Norway")),
    row("IPTC's places", "-IPTC:City=Oslo", "-IPTC:Sub-location=Grünerløkka",
        "-IPTC:Province-State=Østlandet", "-IPTC:Country-PrimaryLocationName=Norway",
        formats=IPTC, places=("Grünerløkka", "Oslo", "Østlandet", "Norway")),
    row("IPTC's and XMP's places are each once", "-IPTC:City=Oslo", "-XMP-photoshop:City=Oslo",
        "-XMP-photoshop:Country=Norway", formats=IPTC, places=("Oslo", "Norway")),
    row("LocationShown", f"-XMP-iptcExt:LocationShown={_PLACE}", formats=ALL,
        judge={"XMP-iptcExt:LocationShownCity": "Oslo"},
        places=("Grünerløkka", "Oslo", "Østlandet", "Norway")),
    row("LocationCreated", f"-XMP-iptcExt:LocationCreated={_PLACE}", formats=ALL,
        judge={"XMP-iptcExt:LocationCreatedCity": "Oslo"},
        places=("Grünerløkka", "Oslo", "Østlandet", "Norway")),
    row("LocationShown with attributes", formats=ALL,
        judge={"XMP-iptcExt:LocationShownCity": "Oslo"},
        xmp=packet('<Iptc4xmpExt:LocationShown><rdf:Bag><rdf:li Iptc4xmpExt:City="Oslo"'
                   ' Iptc4xmpExt:CountryName="Norway"/></rdf:Bag></Iptc4xmpExt:LocationShown>'),
        places=("Oslo", "Norway")),
    row("LocationShown with descriptions", formats=ALL,
        judge={"XMP-iptcExt:LocationShownCity": "Oslo"}, places=("Oslo", "Norway"),
        xmp=packet('<Iptc4xmpExt:LocationShown><rdf:Bag><rdf:li><rdf:Description'
                   ' Iptc4xmpExt:City="Oslo"><Iptc4xmpExt:CountryName>Norway'
                   "</Iptc4xmpExt:CountryName></rdf:Description></rdf:li></rdf:Bag>"
                   "</Iptc4xmpExt:LocationShown>")),
    row("a name of a location", "-XMP-iptcExt:LocationShown={LocationName=Vigeland Park}",
        formats=ALL, judge={"XMP-iptcExt:LocationShownLocationName": "Vigeland Park"},
        found=("vigeland",)),
    row("two locations", "-XMP-iptcExt:LocationCreatedCity=Oslo",
        "-XMP-iptcExt:LocationShownCity=Drøbak", formats=ALL, judge={},
        places=Has("Oslo", "Drøbak"), found=("oslo", "drøbak")),
    row("a place of one letter", "-XMP-photoshop:City=Å", formats=ALL, places=("Å",), found=("Å",)),
    row("a city in a sidecar", formats=SIDECAR, xmp=packet(simple("photoshop:City", "Oslo")),
        places=("Oslo",), found=("oslo",)),
]  # fmt: skip

_GPS = [
    row("EXIF's position", "-GPS:GPSLatitude=48.8583", "-GPS:GPSLatitudeRef=N",
        "-GPS:GPSLongitude=2.2945", "-GPS:GPSLongitudeRef=E", judge={},
        position=Near(48.8583, 2.2945)),
    row("EXIF's position, south and west", "-GPS:GPSLatitude=33.4489", "-GPS:GPSLatitudeRef=S",
        "-GPS:GPSLongitude=70.6693", "-GPS:GPSLongitudeRef=W", judge={},
        position=Near(-33.4489, -70.6693)),
    row("EXIF's 0,0 is no place", "-GPS:GPSLatitude=0", "-GPS:GPSLatitudeRef=N",
        "-GPS:GPSLongitude=0", "-GPS:GPSLongitudeRef=E", judge={}, position=None),
    row("on the equator is a place", "-GPS:GPSLatitude=0", "-GPS:GPSLatitudeRef=N",
        "-GPS:GPSLongitude=36.9", "-GPS:GPSLongitudeRef=E", judge={}, position=Near(0, 36.9)),
    row("XMP's position", "-XMP-exif:GPSLatitude=48.8583", "-XMP-exif:GPSLongitude=2.2945",
        formats=ALL, judge={}, position=Near(48.8583, 2.2945)),
    row("XMP's position, south and west", "-XMP-exif:GPSLatitude=-33.4489",
        "-XMP-exif:GPSLongitude=-70.6693", formats=ALL, judge={},
        position=Near(-33.4489, -70.6693)),
    *(row(f"XMP's position as {text!r}", formats=ALL, position=Near(48.8583, 2.2945),
          xmp=packet("", f'exif:GPSLatitude="{text}" exif:GPSLongitude="2,17.67E"'),
          judge={"XMP-exif:GPSLatitude": "48.8583"} if "," in text and "." in text else {})
      for text in ("48,51.498N", "48,51.498000N", "48,51,29.88N")),
    row("XMP's position as Apple writes it, south and west", formats=ALL,
        position=Near(-33.4489, -70.6693),
        xmp=packet(simple("exif:GPSLatitude", "33.4489") + simple("exif:GPSLatitudeRef", "S")
                   + simple("exif:GPSLongitudeRef", "W") + simple("exif:GPSLongitude", "70.6693"))),
    row("a letter beside doesn't turn a sign", formats=ALL, position=Near(-33.4489, -70.6693),
        xmp=packet("", 'exif:GPSLatitude="-33.4489" exif:GPSLatitudeRef="S"'
                       ' exif:GPSLongitude="70,40.158W" exif:GPSLongitudeRef="W"')),
    row("XMP's 0,0 is no place", "-XMP-exif:GPSLatitude=0", "-XMP-exif:GPSLongitude=0",
        formats=ALL, judge={}, position=None),
    row("half a position is none", "-XMP-exif:GPSLatitude=48.8583", formats=ALL, judge={},
        position=None),
    row("an impossible position is none", formats=JPEG,
        xmp=packet("", 'exif:GPSLatitude="148,51.5N" exif:GPSLongitude="2,17.67E"'),
        position=None),
    row("a sidecar's position goes before EXIF's", "-GPS:GPSLatitude=10", "-GPS:GPSLatitudeRef=N",
        "-GPS:GPSLongitude=20", "-GPS:GPSLongitudeRef=E", formats=FILES, judge={},
        beside={"{stem}.xmp": packet(
            "", 'exif:GPSLatitude="48,51.498N" exif:GPSLongitude="2,17.67E"')},
        position=Near(48.8583, 2.2945)),
    row("a sidecar's 0,0 leaves EXIF's position", "-GPS:GPSLatitude=10", "-GPS:GPSLatitudeRef=N",
        "-GPS:GPSLongitude=20", "-GPS:GPSLongitudeRef=E", formats=FILES, judge={},
        beside={"{stem}.xmp": packet("", 'exif:GPSLatitude="0,0N" exif:GPSLongitude="0,0E"')},
        position=Near(10, 20)),
    row("EXIF's position goes before XMP's in the file", "-GPS:GPSLatitude=10",
        "-GPS:GPSLatitudeRef=N", "-GPS:GPSLongitude=20", "-GPS:GPSLongitudeRef=E",
        "-XMP-exif:GPSLatitude=48.8583", "-XMP-exif:GPSLongitude=2.2945", judge={},
        position=Near(10, 20)),  # debatable: they are one position in what programs write
]  # fmt: skip

ROWS = [*_PEOPLE, *_PLACES, *_GPS]
