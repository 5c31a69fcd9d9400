"""Markup: as an XML parser reads it, and on behind every mistake, in bounded memory."""

import time
import tracemalloc
from itertools import chain, repeat
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from photosearch.photo.xmp.damage import Damage
from photosearch.photo.xmp.markup import End, Start, Text, Token, tokens

names = st.from_regex(r"[a-z]{1,3}(:[A-Za-z][A-Za-z0-9_.-]{0,5})?", fullmatch=True)
letters = st.characters(
    exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff\x85\u2028"
)
texts = st.text(letters, max_size=20)


@st.composite
def elements(draw: st.DrawFn, depth: int = 3) -> str:
    """An element as XML, with all that may stand within."""
    name = draw(names)
    attributes = draw(st.dictionaries(names, texts, max_size=3))
    start = "".join(f"\n {key} = {quoteattr(text)}" for key, text in attributes.items())
    if draw(st.booleans()) and draw(st.booleans()):
        return f"<{name}{start} />"
    parts = [
        texts.map(escape),
        texts.map(lambda text: f"<!--{text.replace('-', '')}-->"),
        texts.map(lambda text: f"<![CDATA[{text.replace(']', '')}<b>]]>"),
        texts.map(
            lambda text: f"<?hint {text.replace('?', '').replace('>', '').replace('<', '')}?>"
        ),
        texts.map(lambda text: "".join(f"&#{ord(char)};" for char in text if char > " ")),
        st.just("&lt;&amp;&quot;&#x1F600;"),
    ]
    if depth:
        parts.append(elements(depth - 1))
    return f"<{name}{start}>{''.join(draw(st.lists(st.one_of(parts), max_size=4)))}</{name}>"


def by_expat(document: str) -> list[Token]:
    """The tokens of a document, by a real parser."""
    found: list[Token] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: found.append(Start(name, attributes))
    parser.EndElementHandler = lambda name: found.append(End(name))
    parser.CharacterDataHandler = lambda text: found.append(Text(text))
    parser.Parse(document.encode(), True)
    return joined(found)


def joined(found: list[Token]) -> list[Token]:
    """The tokens, with texts that stand side by side as one, each damage once, at the end."""
    whole: list[Token] = []
    for token in found:
        if isinstance(token, Damage):
            continue
        if isinstance(token, Text) and whole and isinstance(whole[-1], Text):
            token = Text(whole.pop()[0] + token.text)
        if token != Text(""):
            whole.append(token)
    return whole + sorted({token for token in found if isinstance(token, Damage)})


def pieces_of(document: str, cuts: list[int]) -> list[str]:
    ends = sorted({min(cut, len(document)) for cut in cuts})
    return [document[a:b] for a, b in zip([0, *ends], [*ends, len(document)], strict=True)]


@settings(max_examples=300, deadline=None)
@given(elements(), st.lists(st.integers(0, 300), max_size=5))
def test_well_formed_documents_are_read_as_a_parser_reads_them(
    document: str, cuts: list[int]
) -> None:
    document = document.replace("\r", "")
    assert joined(list(tokens(pieces_of(document, cuts)))) == by_expat(document)


@settings(max_examples=500, deadline=None)
@given(
    st.text(st.sampled_from("<>/&;=\"'!-[]?: abA#x1\n\0"), max_size=60),
    st.lists(st.integers(0, 60), max_size=8),
)
@example('<a b="c<d:e>', [3, 9])
@example("<![CDATA[x]]>y", [11])
@example("a<!-- b -- ><!DOCTYPE a [<!ENTITY b 'c'>] ><d>", [40, 41])
def test_it_does_not_matter_how_a_document_is_cut(document: str, cuts: list[int]) -> None:
    assert joined(list(tokens(pieces_of(document, cuts)))) == joined(list(tokens([document])))


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("AT&T & Co &foo; &copy;", [Text("AT&T & Co &foo; ©"), Damage.AMPERSAND]),
        ("&#55357;&#56832;&#0;", [Text("😀&#0;"), Damage.AMPERSAND]),
        ("1 < 2", [Text("1 < 2"), Damage.LESS]),
        ("<a b=c d>x</a>", [Start("a", {"b": "c", "d": ""}), Text("x"), End("a"), Damage.TAG]),
        ('<a b="c><d:e>', [Start("a", {"b": "c"}), Start("d:e", {}), Damage.TAG]),
        ('<a b="c/><d:e>', [Start("a", {"b": "c"}), End("a"), Start("d:e", {}), Damage.TAG]),
        ('<a b="1"<c/>', [Start("a", {"b": "1"}), Start("c", {}), End("c"), Damage.TAG]),
        ('<a b="x" b="y">', [Start("a", {"b": "x"})]),
        ('<a b="1 > 0"/>', [Start("a", {"b": "1 > 0"}), End("a")]),
        ('<a b="<i>1</i> &amp;"/>', [Start("a", {"b": "<i>1</i> &"}), End("a")]),
        ('<a b="c" d="e', [Start("a", {"b": "c"}), Damage.CUT_OFF]),
        ("<a>x</a", [Start("a", {}), Text("x"), End("a"), Damage.CUT_OFF]),
        ("</a <b>", [End("a"), Start("b", {}), Damage.TAG]),
        ("x<!-- y", [Text("x"), Damage.CUT_OFF]),
        ("x<![CDATA[y", [Text("xy"), Damage.CUT_OFF]),
        ('<!DOCTYPE a [<!ENTITY b "c">]>&b;', [Text("&b;"), Damage.AMPERSAND]),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd">x', [Text("x")]),
        ("<?xpacket begin='' id='W5'?>x<?y", [Text("x"), Damage.CUT_OFF]),
        ("<>", [Text("<>"), Damage.LESS]),
    ],
)
def test_mistakes_are_told_and_read_over(document: str, expected: list[Token]) -> None:
    assert joined(list(tokens([document]))) == expected


def test_damage_of_the_pieces_is_passed_on() -> None:
    pieces = ["<a>", Damage.ENCODING, "b", "</a>", Damage.ENCODING]
    assert list(tokens(pieces)).count(Damage.ENCODING) == 2


@pytest.mark.parametrize("start", ["", "<a ", '<a b="', "<!--", "<![CDATA[", "<!DOCTYPE [", "<?"])
def test_one_huge_thing_takes_little_memory(start: str) -> None:
    tracemalloc.start()
    found = list(tokens(chain([start], repeat("x" * 10_000, 1000))))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert max((len(token.text) for token in found if isinstance(token, Text)), default=0) < 1 << 17
    assert peak < 2 << 20


@pytest.mark.parametrize(
    "piece",
    [
        "&amp;",
        "<a>",
        "</a>",
        "<",
        "<!",
        "&",
        " ",
        "a=",
        "a='b' ",
        "<![CDATA[",
        "<!--",
        "\"'",
        "]",
        "<a b='",
    ],
)
@pytest.mark.parametrize("start", ["", "<a ", '<a b="'])
def test_time_grows_with_length(start: str, piece: str) -> None:
    document = start + piece * (100_000 // len(piece))
    started = time.process_time()
    for _ in tokens([document[at : at + 10_000] for at in range(0, len(document), 10_000)]):
        pass
    assert time.process_time() - started < 3


def test_the_number_of_tags_is_bounded() -> None:
    assert list(tokens(chain(repeat("<?>" * 1000, 300), ["<a>"]))) == [Start("a", {})]
    assert list(tokens(chain(repeat("<?>" * 1000, 1100), ["<a>"])))[-1:] == [Damage.AMOUNT]
