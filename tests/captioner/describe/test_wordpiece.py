"""WordPiece: the tokens of the package tokenizers, for whatever is typed."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from captioner.describe.model_folder import shipped_model
from captioner.describe.sentence_encoder import MAX_TOKENS
from captioner.describe.wordpiece import WordPiece

tokenizers = pytest.importorskip("tokenizers")
FILE = shipped_model() / "tokenizer.json"
OURS = WordPiece(json.loads(FILE.read_text(encoding="utf-8")), MAX_TOKENS)
THEIRS = tokenizers.Tokenizer.from_file(str(FILE))
THEIRS.enable_truncation(MAX_TOKENS)

ODD = st.sampled_from([
    "É", "e\u0301", "İ", "ß", "ﬁ", "Straße", "don't", "x-ray", "[CLS]", "[sep]", "##ing", "日本",
    "한국어", "नमस्ते", "\u200d", "\u202e", "\0", "\ufffd", "\x85", "\x0b", "\u2028", "🐶", "$",
    "€", "^`~", "\u3000", "x" * 101, "x" * 100, "unbelievably", "1234567", "①",
    "Ω", "\U00020000", "\ue000",
])  # fmt: skip

# Each program has Unicode's tables of its own year: those agree on these characters, and on all
# but 500 of those above.
SAME = st.characters(max_codepoint=0x2FFF).filter(
    lambda char: THEIRS.encode(f"a{char}b").ids == OURS.encode(f"a{char}b")
)


@settings(max_examples=300, deadline=None)
@given(st.lists(ODD | st.text(SAME, max_size=6), max_size=30).map(" ".join) | st.text(SAME))
@example("a dog " * 100)
@example("[CLS][SEP] [MASK]x[UNK]")
def test_anything_typed_becomes_the_same_tokens(text: str) -> None:
    assert OURS.encode(text) == THEIRS.encode(text).ids


@pytest.mark.parametrize("step", [11, pytest.param(1, marks=pytest.mark.slow)])
def test_characters_become_the_same_tokens_but_for_later_additions_to_unicode(step: int) -> None:
    """All characters below 0x3000, and of the others each of so many: most are ideographs."""
    codes = [
        code
        for code in (*range(0x3000), *range(0x3000, 0x30000, step))
        if not 0xD800 <= code < 0xE000
    ]
    texts = [f"a{chr(code)}b" for code in codes]
    pairs = zip(codes, texts, THEIRS.encode_batch(texts), strict=True)
    other = [code for code, text, theirs in pairs if OURS.encode(text) != theirs.ids]
    assert len(other) < 500 + 500 / step and min(other, default=0x600) >= 0x600


@pytest.mark.parametrize("count", [5000, pytest.param(50_000, marks=pytest.mark.slow)])
def test_captions_by_people_become_the_same_tokens(data_dir: Path, count: int) -> None:
    with gzip.open(data_dir / "text" / "coco.tsv.gz", "rt", encoding="utf-8") as lines:
        captions = [
            line.rstrip("\n").partition("\t")[2]
            for line, _ in zip(lines, range(count), strict=False)
        ]
    assert len(captions) == count
    for caption, theirs in zip(captions, THEIRS.encode_batch(captions), strict=True):
        assert OURS.encode(caption) == theirs.ids


def test_another_kind_of_tokenizer_is_refused() -> None:
    settings = json.loads(FILE.read_text(encoding="utf-8"))
    settings["model"]["type"] = "BPE"
    with pytest.raises(ValueError, match="no WordPiece"):
        WordPiece(settings, MAX_TOKENS)


@given(st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=20))
@example("zzzqqq")
def test_the_pieces_of_a_word_are_counted(word: str) -> None:
    assert OURS.pieces(word) == len(THEIRS.encode(word, add_special_tokens=False).ids)


def test_what_cannot_be_read_has_no_pieces() -> None:
    assert [OURS.pieces(text) for text in ("a" * 101, "\U00020000", "", "dog")] == [0, 0, 0, 1]
