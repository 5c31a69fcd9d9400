"""RDF: the same values, whichever way they are written, and on behind mistakes."""

import pytest

from photosearch.photo.xmp.damage import Damage
from photosearch.photo.xmp.markup import tokens
from photosearch.photo.xmp.rdf import Value, values

START = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
    'syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/'
    '1.0/" xmlns:q="http://example.com/q" xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas'
    '/regions/">'
)
END = "</rdf:RDF></x:xmpmeta>"
WANTED = {
    "dc:title", "dc:subject", "xmp:Rating",
    "mwg-rs:Regions/mwg-rs:RegionList/mwg-rs:Name", "mwg-rs:Regions/mwg-rs:RegionList/mwg-rs:Type",
}  # fmt: skip


def read(text: str) -> tuple[list[tuple[str, str]], list[Damage]]:
    """The values, each as its last name and its text, and the kinds of damage."""
    found = list(values(tokens([text]), WANTED))
    said = [
        (each.path.rpartition("/")[2], " ".join(each.text.split()))
        for each in found
        if isinstance(each, Value)
    ]
    return said, sorted({each for each in found if isinstance(each, Damage)})


def described(inner: str, attributes: str = "") -> str:
    return f'{START}<rdf:Description rdf:about="" {attributes}>{inner}</rdf:Description>{END}'


@pytest.mark.parametrize(
    "text",
    [
        described("<dc:title>Rome</dc:title>"),
        described("", 'dc:title="Rome"'),
        described("", "dc:title = 'Rome'"),
        described("<dc:title><![CDATA[Rome]]></dc:title>"),
        described("<dc:title>R&#111;m<!-- -->e</dc:title>"),
        *(
            described(f"<dc:title><rdf:{kind}><rdf:li>Rome</rdf:li></rdf:{kind}></dc:title>")
            for kind in ("Alt", "Bag", "Seq")
        ),
        described("<dc:title><rdf:Bag><rdf:_1>Rome</rdf:_1></rdf:Bag></dc:title>"),
        described("<dc:title><rdf:li>Rome</rdf:li></dc:title>"),
        described("<dc:title><rdf:Bag>Rome</rdf:Bag></dc:title>"),
        described(
            '<dc:title rdf:parseType="Resource"><rdf:value>Rome</rdf:value><q:by>Ann</q:by>'
            "<xmp:Rating>3</xmp:Rating></dc:title>"
        ),
        described(
            "<dc:title><rdf:Description><rdf:value>Rome</rdf:value><q:by>Ann</q:by>"
            "</rdf:Description></dc:title>"
        ),
        described('<dc:title><rdf:Alt><rdf:li rdf:value="Rome" q:by="Ann"/></rdf:Alt></dc:title>'),
        described("<dc:title><q:Name><rdf:value>Rome</rdf:value></q:Name></dc:title>"),
        described("<rdf:Description><dc:title>Rome</dc:title></rdf:Description>"),
        described("<q:unknown>x</q:unknown><dc:title>Rome</dc:title>"),
        f"{START}<q:Photo><q:of>x</q:of><dc:title>Rome</dc:title></q:Photo>{END}",
        f'{START}<rdf:Description xmlns="http://purl.org/dc/elements/1.1/"><title>Rome</title>'
        f"</rdf:Description>{END}",
        described("<dc:title>Rome</dc:title>").replace("rdf:", "r:").replace(":rdf", ":r"),
        described("<dc:title>Rome</dc:title>").replace("rdf:RDF", "rdf:Description"),
        f"<q:wrap>{described('<dc:title>Rome</dc:title>')}</q:wrap>",
        f"<?xml version='1.0'?><!DOCTYPE x>\n{described('<dc:title>Rome</dc:title>')}\0\0\n",
        '<a:Description xmlns:a="http://www.w3.org/1999/02/22-rdf-syntax-ns" '
        'xmlns:b="http://purl.org/dc/elements/1.1" b:title="Rome"/>',
    ],
)
def test_one_value_in_all_its_forms(text: str) -> None:
    assert read(text) == ([("dc:title", "Rome")], [])


@pytest.mark.parametrize(
    ("text", "damage"),
    [
        ("<dc:title>Rome</dc:title>", [Damage.PREFIX]),
        ('<rdf:Description dc:title="Rome"/>', [Damage.PREFIX]),
        (f"hello {described('<dc:title>Rome</dc:title>')}", [Damage.BEFORE]),
        (f"{described('<dc:title>Rome</dc:title>')} bye", [Damage.BEHIND]),
        (
            described("<dc:title>Rome</dc:title>") + "om</rdf:li></dc:title>"
            "<dc:title>Old</dc:title></rdf:Description>" + END,
            [Damage.BEHIND],
        ),
        (described("<dc:title>Rome</rdf:li></dc:title>"), [Damage.NESTING]),
        (described("<dc:title>Rome"), [Damage.NESTING]),
        (described("<dc:title><rdf:Alt><rdf:li>Rome</dc:title>"), [Damage.NESTING]),
        (described("<dc:title>Rome<xmp:Other>"), [Damage.NESTING]),
        (described("<q:a>x<q:b/><dc:title>Rome</dc:title>"), [Damage.NESTING]),
        (described("<dc:title>Rome</dc:title>")[:-10], [Damage.CUT_OFF]),
        (described("<dc:title>\x01Rome</dc:title>"), [Damage.CONTROL]),
    ],
)
def test_damage_is_told_and_costs_no_value(text: str, damage: list[Damage]) -> None:
    said, told = read(text)
    assert [(name, text.strip("\x01")) for name, text in said] == [("dc:title", "Rome")]
    assert sorted(told) == sorted(damage)


def test_tags_of_html_within_a_text() -> None:
    said, _ = read(described("<dc:title>To <b>Rome</b><br/>by <i>train<br></dc:title>"))
    assert said == [("dc:title", "To Rome by train")]
    html = '<p xmlns="http://www.w3.org/1999/xhtml">To <b>old <i>Rome</i></b></p>'
    assert read(described(f'<dc:title rdf:parseType="Literal">{html}</dc:title>')) == (
        [("dc:title", "To old Rome")], [],
    )  # fmt: skip


def test_a_text_that_is_cut_off_loses_its_last_word() -> None:
    text = described("<dc:subject><rdf:Bag><rdf:li>A dog</rdf:li><rdf:li>My ca")
    said, damage = read(text[: text.index("ca</rdf") + 2])
    assert (said, damage) == ([("dc:subject", "A dog"), ("dc:subject", "My")], [Damage.CUT_OFF])


@pytest.mark.parametrize(
    "inner",
    [
        "<xmp:Rating>3<dc:title>Rome</dc:title>",
        "<xmp:Rating><rdf:Bag><rdf:li>3<dc:title>Rome</dc:title>",
        "<mwg-rs:Regions><xmp:Rating>3</xmp:Rating><dc:title>Rome</dc:title>",
    ],
)
def test_a_property_ends_where_the_next_begins(inner: str) -> None:
    said, damage = read(described(inner))
    assert said == [("xmp:Rating", "3"), ("dc:title", "Rome")] and damage == [Damage.NESTING]


def test_without_any_wrapper() -> None:
    text = '<rdf:Description dc:title="Rome"/>\n<rdf:Description xmp:Rating="3" dc:subject=" "/>'
    namespaces = START[START.index("xmlns:rdf") : -1]
    text = text.replace("rdf:Description", f"rdf:Description {namespaces}")
    assert read(text) == ([("dc:title", "Rome"), ("xmp:Rating", "3")], [])


def test_a_second_packet_counts_too() -> None:
    text = described("<dc:title>Rome</dc:title>") + described("<xmp:Rating>3</xmp:Rating>")
    assert read(text) == ([("dc:title", "Rome"), ("xmp:Rating", "3")], [Damage.SECOND])


@pytest.mark.parametrize(
    "inner",
    [
        "<q:from><rdf:Description><dc:title>Rome</dc:title></rdf:Description></q:from>",
        '<q:from rdf:parseType="Resource"><dc:title>Rome</dc:title></q:from>',
        '<q:from dc:title="Rome"/>',
        '<q:from><rdf:Bag><rdf:li><rdf:Description dc:title="Rome"/></rdf:li></rdf:Bag></q:from>',
        '<q:from><rdf:Seq><rdf:li rdf:parseType="Resource"><dc:title>Rome</dc:title></rdf:li>'
        "</rdf:Seq></q:from>",
    ],
)
def test_what_other_resources_say_is_not_the_photos(inner: str) -> None:
    assert read(described(inner + "<xmp:Rating>3</xmp:Rating>")) == ([("xmp:Rating", "3")], [])


FIELDS = [
    '<rdf:li rdf:parseType="Resource"><mwg-rs:Name>{}</mwg-rs:Name><mwg-rs:Type>{}</mwg-rs:Type>'
    "</rdf:li>",
    '<rdf:li><rdf:Description mwg-rs:Name="{}" mwg-rs:Type="{}"/></rdf:li>',
    '<rdf:li><rdf:Description mwg-rs:Name="{}"><mwg-rs:Type>{}</mwg-rs:Type></rdf:Description>'
    "</rdf:li>",
    '<rdf:li mwg-rs:Name="{}" mwg-rs:Type="{}"/>',
    "<rdf:li><q:Face><mwg-rs:Name>{}</mwg-rs:Name><mwg-rs:Type>{}</mwg-rs:Type></q:Face></rdf:li>",
    "<rdf:li><mwg-rs:Name>{}</mwg-rs:Name><mwg-rs:Type>{}</mwg-rs:Type></rdf:li>",
]


@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize(
    "regions",
    ['<mwg-rs:Regions rdf:parseType="Resource">{}</mwg-rs:Regions>',
     "<mwg-rs:Regions><rdf:Description>{}</rdf:Description></mwg-rs:Regions>"],
)  # fmt: skip
def test_fields_of_a_structure_belong_together(regions: str, fields: str) -> None:
    items = fields.format("Ann", "Face") + fields.format("Rex", "Pet")
    area = '<mwg-rs:Applied rdf:parseType="Resource"><mwg-rs:Name>no</mwg-rs:Name></mwg-rs:Applied>'
    text = regions.format(
        f"{area}<mwg-rs:RegionList><rdf:Bag>{items}</rdf:Bag></mwg-rs:RegionList>"
    )
    found = list(values(tokens([described(text)]), WANTED))
    assert all(isinstance(each, Value) for each in found)
    names, kinds = ({each.owner: each.text for each in found
                     if isinstance(each, Value) and each.path.endswith(end)}
                    for end in ("Name", "Type"))  # fmt: skip
    assert {names[owner]: kinds[owner] for owner in names} == {"Ann": "Face", "Rex": "Pet"}


def test_languages_are_told() -> None:
    text = described(
        '<dc:title xml:lang="la"><rdf:Alt><rdf:li xml:lang="de">Rom</rdf:li><rdf:li>Roma</rdf:li>'
        "</rdf:Alt></dc:title>"
    )
    found = [each for each in values(tokens([text]), WANTED) if isinstance(each, Value)]
    assert [(each.language, each.text) for each in found] == [("de", "Rom"), ("la", "Roma")]


@pytest.mark.parametrize("text", ["", "hello", "<svg/>", "<broken", "\0\1\2"])
def test_what_is_no_xmp(text: str) -> None:
    assert Damage.NO_XMP in read(text)[1]
    assert read(f"{START}{END}") == ([], [])


def test_depth_and_amount_are_bounded() -> None:
    deep = "<q:a>" * 10_000 + "</q:a>" * 10_000 + "<dc:title>Rome</dc:title>"
    assert read(described(deep)) == ([("dc:title", "Rome")], [Damage.DEPTH])
    said, damage = read(described("<dc:title>Rome</dc:title>" * 100_000))
    assert len(said) < 50_000 and Damage.AMOUNT in damage
    said, damage = read(described(f"<dc:title>{'x' * 100_000}</dc:title>"))
    assert len(said[0][1]) < 100_000 and damage == [Damage.LENGTH]
