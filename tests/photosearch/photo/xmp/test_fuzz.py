"""XMP damaged at random: it never raises, takes bounded time, and keeps what is before."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photosearch.photo.user_metadata import UserMetadata
from photosearch.photo.xmp import read_xmp
from tests.photosearch.photo.xmp.styles import STYLES, WORDS

PACKETS = {name: make() for name, make in STYLES.items()}
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")

markup = st.lists(
    st.sampled_from(
        [
            "<", ">", "</", "/>", "<!--", "-->", "<![CDATA[", "]]>", "<!DOCTYPE [", "<?", "?>", "&",
            "&#x1F600;", "&lt;", '"', "'", "=", "\0", "\x03", "\ufeff", "|", "/", "<rdf:RDF>",
            "</rdf:RDF>", "<rdf:Description>", "</rdf:Description>", "</x:xmpmeta>", "<rdf:li>",
            "</rdf:li>", "<rdf:Bag>", "<dc:title>", "</dc:title>", "<dc:subject>", "xmlns:dc=",
            'xmlns="http://purl.org/dc/elements/1.1/"', 'rdf:parseType="Resource"', "rdf:value",
            'xml:lang="de"', "<mwg-rs:Regions>", "xmp:Rating='5'", "9" * 30, "ü",
        ]
    ),
    max_size=12,
).map("".join)  # fmt: skip


def said(raw: bytes) -> str:
    """All words of a packet in one text; the reading is timed."""
    started = time.process_time()
    found, damage = read_xmp(raw)
    assert time.process_time() - started < 1
    assert isinstance(found, UserMetadata) and len(damage.splitlines()) <= 1
    texts = (found.title, found.description, found.alt_text)
    return "\n".join((*texts, *found.keywords, *found.people, *found.places, *found.notes))


def ends(packet: str) -> dict[str, int]:
    """Where each word is complete: behind the end of its element, or of its attribute."""
    return {
        word: packet.index(">" if packet[at + len(word)] == "<" else '"', at + len(word)) + 1
        for word in WORDS
        if (at := packet.index(word)) >= 0
    }


def damaged(packet: str, chance: random.Random) -> tuple[str, int]:
    """A packet with damage, and where the damage begins."""
    at = chance.randrange(len(packet))
    other = chance.randrange(len(packet))
    junk = "".join(chance.choice("<>/&\"'= \0\x03-![]?:aü\ufeff") for _ in range(9))
    return chance.choice(
        (
            packet[:at],
            packet[:at] + junk + packet[at:],
            packet[:at] + packet[at + chance.randrange(1, 90) :],
            packet[:at] + packet[other : other + 300] + packet[at:],
            packet[:at] + packet[other:],
            packet[:at] + "\0" * 500,
            packet[:at] + junk[0] + packet[at + 1 :],
        )
    ), at


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400) | markup.map(str.encode), st.sampled_from([*PACKETS]), st.data())
def test_any_bytes_within_a_packet(junk: bytes, style: str, data: st.DataObject) -> None:
    said(junk)
    raw = PACKETS[style].encode()
    start = data.draw(st.integers(0, len(raw)))
    said(raw[:start] + junk + raw[start + data.draw(st.integers(0, 300)) :])


@settings(max_examples=300, deadline=None)
@given(markup, st.sampled_from([*PACKETS]), st.data())
def test_markup_behind_a_word_costs_no_word(junk: str, style: str, data: st.DataObject) -> None:
    packet = PACKETS[style]
    start = data.draw(st.sampled_from(sorted(ends(packet).values())))
    found = said((packet[:start] + junk + packet[start:]).encode())
    for word, end in ends(packet).items():
        assert end > start or word in found


@pytest.mark.parametrize("style", PACKETS)
def test_what_is_before_the_damage_stays(style: str) -> None:
    check(style, range(150))


@pytest.mark.slow
@pytest.mark.parametrize("style", PACKETS)
def test_what_is_before_the_damage_stays_by_the_thousand(style: str) -> None:
    check(style, range(150, 20_000))


def check(style: str, seeds: range) -> None:
    packet = PACKETS[style]
    complete = ends(packet)
    kept = 0
    for seed in seeds:
        chance = random.Random(seed)
        text, at = damaged(packet, chance)
        found = said(text.encode(chance.choice(ENCODINGS)))
        for word, end in complete.items():
            if end <= at:
                assert word in found, (seed, word)
                kept += 1
    assert kept > len(seeds)  # else nothing was shown
