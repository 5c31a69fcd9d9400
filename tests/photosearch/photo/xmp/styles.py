"""Packets as programs write them: Lightroom, digiKam, darktable, Windows and ExifTool.

Each has the same words, which `WORDS` names.
"""

from __future__ import annotations

from collections.abc import Callable

RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
XMP = 'xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
PHOTOSHOP = 'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
MWG = 'xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"'

WORDS = ("Romreise", "Brückenbild", "Hündchen", "Katze", "Kunigunde", "Trastevere")
TITLE, DESCRIPTION, DOG, CAT, PERSON, PLACE = WORDS


def _alt(name: str, text: str, indent: str) -> str:
    return (
        f'{indent}<{name}>\n{indent} <rdf:Alt>\n{indent}  <rdf:li xml:lang="x-default">{text}'
        f"</rdf:li>\n{indent} </rdf:Alt>\n{indent}</{name}>\n"
    )


def _list(name: str, texts: tuple[str, ...], indent: str, kind: str = "Bag") -> str:
    items = "".join(f"{indent}  <rdf:li>{text}</rdf:li>\n" for text in texts)
    return (
        f"{indent}<{name}>\n{indent} <rdf:{kind}>\n{items}{indent} </rdf:{kind}>\n"
        f"{indent}</{name}>\n"
    )


def lightroom() -> str:
    """Simple values as attributes, masks, faces, padding."""
    masks = "".join(
        f'<rdf:li><rdf:Description crs:What="Mask/Image" crs:MaskDigest="{number:032X}"/></rdf:li>'
        for number in range(5)
    )
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0-c000">\n'
        f' <rdf:RDF {RDF}>\n  <rdf:Description rdf:about=""\n    {XMP}\n    {DC}\n    {PHOTOSHOP}\n'
        f"    {MWG}\n"
        '    xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"\n'
        '    xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"\n'
        '    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"\n'
        '   xmp:Rating="4"\n   xmp:CreatorTool="Adobe Photoshop Lightroom Classic 13.0"\n'
        f'   photoshop:DateCreated="1965-07-04"\n   Iptc4xmpCore:Location="{PLACE}"\n'
        '   crs:Version="16.0">\n'
        + _alt("dc:title", TITLE, "   ") + _alt("dc:description", DESCRIPTION, "   ")
        + _list("dc:subject", (DOG, CAT), "   ")
        + f"   <crs:MaskGroupBasedCorrections><rdf:Seq>{masks}</rdf:Seq>"
        "</crs:MaskGroupBasedCorrections>\n"
        '   <mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag><rdf:li>\n'
        f'    <rdf:Description mwg-rs:Name="{PERSON}" mwg-rs:Type="Face">'
        '<mwg-rs:Area stArea:x="0.5" stArea:y="0.5"/></rdf:Description></rdf:li></rdf:Bag>'
        "</mwg-rs:RegionList></mwg-rs:Regions>\n"
        "  </rdf:Description>\n </rdf:RDF>\n</x:xmpmeta>\n"
    )  # fmt: skip


def digikam() -> str:
    """A declaration, old prefixes, lists of tags, faces in two ways."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">\n'
        f' <rdf:RDF {RDF}>\n  <rdf:Description rdf:about="" {DC} {MWG}\n'
        '    xmlns:xap="http://ns.adobe.com/xap/1.0/"\n'
        '    xmlns:digiKam="http://www.digikam.org/ns/1.0/"\n'
        '    xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"\n'
        f'    xap:Rating="4"\n    Iptc4xmpCore:Location="{PLACE}">\n'
        + _alt("dc:title", TITLE, "   ") + _alt("dc:description", DESCRIPTION, "   ")
        + _list("digiKam:TagsList", (f"Tiere/{DOG}", f"Tiere/{CAT}"), "   ", "Seq")
        + '   <mwg-rs:Regions rdf:parseType="Resource">\n    <mwg-rs:RegionList>\n     <rdf:Bag>\n'
        f'      <rdf:li rdf:parseType="Resource">\n       <mwg-rs:Name>{PERSON}</mwg-rs:Name>\n'
        "       <mwg-rs:Type>Face</mwg-rs:Type>\n      </rdf:li>\n     </rdf:Bag>\n"
        "    </mwg-rs:RegionList>\n   </mwg-rs:Regions>\n"
        '  </rdf:Description>\n </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>'
    )  # fmt: skip


def darktable() -> str:
    """A history of edits with parameters as base64."""
    history = "".join(
        f'<rdf:li darktable:num="{number}" darktable:params="gz12eJx{"Ab0/+" * 60}=="/>'
        for number in range(8)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">\n'
        f' <rdf:RDF {RDF}>\n  <rdf:Description rdf:about="" {XMP} {DC}\n'
        '    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"\n'
        '    xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"\n'
        '    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"\n'
        '    xmlns:darktable="http://darktable.sf.net/"\n'
        f'   xmp:Rating="4"\n   Iptc4xmpCore:Location="{PLACE}"\n   darktable:xmp_version="5">\n'
        f"   <darktable:history><rdf:Seq>{history}</rdf:Seq></darktable:history>\n"
        + _alt("dc:title", TITLE, "   ") + _alt("dc:description", DESCRIPTION, "   ")
        + _list("dc:subject", (DOG, "darktable", "exported"), "   ", "Seq")
        + _list("lr:hierarchicalSubject", (f"Tiere|{CAT}", "darktable|exported"), "   ", "Seq")
        + _list("Iptc4xmpExt:PersonInImage", (PERSON,), "   ")
        + "  </rdf:Description>\n </rdf:RDF>\n</x:xmpmeta>\n"
    )  # fmt: skip


def windows() -> str:
    """A description for each namespace, without line breaks, regions of Microsoft."""
    photo = 'xmlns:MicrosoftPhoto="http://ns.microsoft.com/photo/1.0/"'
    region = "http://ns.microsoft.com/photo/1.2/t/Region#"
    return (
        "<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>\r\n"
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {RDF}>'
        f'<rdf:Description rdf:about="uuid:faf5bdd5-ba3d-11da-ad31-d33d75182f1b" {DC}>'
        f'<dc:title><rdf:Alt {RDF}><rdf:li xml:lang="x-default">{TITLE}</rdf:li></rdf:Alt>'
        "</dc:title>"
        f'<dc:description><rdf:Alt {RDF}><rdf:li xml:lang="x-default">{DESCRIPTION}</rdf:li>'
        f"</rdf:Alt></dc:description><dc:subject><rdf:Bag {RDF}><rdf:li>{DOG}</rdf:li>"
        f"<rdf:li>{CAT}</rdf:li></rdf:Bag></dc:subject></rdf:Description>"
        f'<rdf:Description rdf:about="uuid:faf5bdd5-ba3d-11da-ad31-d33d75182f1b" {photo}>'
        f"<MicrosoftPhoto:Rating>75</MicrosoftPhoto:Rating></rdf:Description>"
        f'<rdf:Description rdf:about="" {PHOTOSHOP}><photoshop:City>{PLACE}</photoshop:City>'
        '</rdf:Description><rdf:Description xmlns:MP="http://ns.microsoft.com/photo/1.2/">'
        '<MP:RegionInfo><rdf:Description xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo'
        f'#"><MPRI:Regions><rdf:Bag><rdf:li><rdf:Description xmlns:MPReg="{region}">'
        f"<MPReg:Rectangle>0.1, 0.1, 0.2, 0.2</MPReg:Rectangle><MPReg:PersonDisplayName>{PERSON}"
        "</MPReg:PersonDisplayName></rdf:Description></rdf:li></rdf:Bag></MPRI:Regions>"
        "</rdf:Description></MP:RegionInfo></rdf:Description></rdf:RDF></x:xmpmeta>\r\n"
        + (" " * 100 + "\n") * 20 + "<?xpacket end='w'?>"
    )  # fmt: skip


def exiftool() -> str:
    """A description for each namespace, simple values as elements, single quotes."""
    about = "<rdf:Description rdf:about=''\n  "
    return (
        "<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>\n"
        "<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='Image::ExifTool 12.57'>\n"
        f"<rdf:RDF {RDF}>\n\n {about}xmlns:Iptc4xmpExt='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'"
        ">\n  <Iptc4xmpExt:LocationShown>\n   <rdf:Bag>\n    <rdf:li rdf:parseType='Resource'>\n"
        f"     <Iptc4xmpExt:City>{PLACE}</Iptc4xmpExt:City>\n    </rdf:li>\n   </rdf:Bag>\n"
        "  </Iptc4xmpExt:LocationShown>\n"
        + _list("Iptc4xmpExt:PersonInImage", (PERSON,), "  ")
        + f" </rdf:Description>\n\n {about}{DC}>\n"
        + _alt("dc:description", DESCRIPTION, "  ") + _list("dc:subject", (DOG, CAT), "  ")
        + _alt("dc:title", TITLE, "  ") + f" </rdf:Description>\n\n {about}{XMP}>\n"
        "  <xmp:Rating>4</xmp:Rating>\n </rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n"
        "<?xpacket end='w'?>"
    )  # fmt: skip


STYLES: dict[str, Callable[[], str]] = {
    style.__name__: style for style in (lightroom, digikam, darktable, windows, exiftool)
}
