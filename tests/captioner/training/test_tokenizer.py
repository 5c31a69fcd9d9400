import shutil
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from captioner.training.tokenizer import tokenize


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A dog runs .", "a dog runs"),
        ('Two girls, one "happy"; the other: sad!!', "two girls one happy the other sad"),
        ("the dog's ball", "the dog 's ball"),
        ("the dogs' ball", "the dogs ball"),
        ("a person on ski 's", "a person on ski 's"),
        ("He doesn't, he CAN'T, he won't.", "he does n't he ca n't he wo n't"),
        ("they're sure I'm here, we've won", "they 're sure i 'm here we 've won"),
        ("she'll go, he'd stay", "she 'll go he 'd stay"),
        ("a man’s hat ‘here’ “there”", "a man 's hat here there"),
        ("you cannot, I'm gonna", "you can not i 'm gon na"),
        ("a cannoli in the gotham", "a cannoli in the gotham"),
        ("one o'clock, o'neill", "one o'clock o'neill"),
        ("a black-and-white t-shirt - nice -- really", "a black-and-white t-shirt nice really"),
        ("player #28, 1,000 people, 6:55", "player # 28 1,000 people 6:55"),
        ("for $3.50 or 50%", "for $ 3.50 or 50 %"),
        ("the U.S. flag at 5 p.m.", "the u.s. flag at 5 p.m."),
        ("Mr. Potato at St. Paul", "mr. potato at st. paul"),
        ("his/her cake", "his/her cake"),
        ("Cusqueña beer, cafe\N{COMBINING ACUTE ACCENT}", "cusqueña beer café"),
        ("red,green and wait...what", "red green and wait what"),
        ("a fish ( or [maybe] a {bird} )", "a fish or maybe a bird"),
        ("", ""),
        (" \t\n", ""),
        ("... !? -- ''", ""),
    ],
)
def test_words(text: str, words: str) -> None:
    assert tokenize(text) == words.split()


caption_like = st.text(st.sampled_from("abcnotdmslv'’.,-/:#$& 019TSU\n\"()é"), max_size=30)


@given(st.text() | caption_like)
@example("it's's cannot't gonnan't 5n't n't")
@example("55'sn't xn'tn'tn't")
@example("an't-b a's-b x-cannot")
@example("U.S.A. a.b.c Mr.Smith mr.")
@example("İ ſ ΑΣ ½ _'s")
def test_joined_words_give_the_same_words(text: str) -> None:
    words = tokenize(text)
    assert tokenize(" ".join(words)) == words


@given(st.text() | caption_like)
def test_words_are_lower_case_and_without_spaces(text: str) -> None:
    for word in tokenize(text):
        assert word == word.lower()
        assert word.split() == [word]


@given(st.lists(st.sampled_from(["dog", "t-shirt", "don't", "dog's", "1,000", "a"])))
def test_case_spaces_and_final_stop_change_nothing(words: list[str]) -> None:
    expected = tokenize(" ".join(words))
    assert tokenize("  ".join(words).upper() + " .") == expected


@pytest.mark.slow
@pytest.mark.parametrize("collection", ["flickr8k", "coco"])
def test_equals_coco_on_real_captions(data_dir: Path, collection: str) -> None:
    coco = pytest.importorskip("pycocoevalcap.tokenizer.ptbtokenizer")
    if shutil.which("java") is None:
        pytest.skip("COCO's tokenizer needs java on PATH")
    lines = (data_dir / collection / "captions.tsv").read_text("utf-8").splitlines()
    captions = [line.split("\t", 1)[1] for line in lines]
    # One call: each one starts Java.
    theirs = coco.PTBTokenizer().tokenize({i: [{"caption": c}] for i, c in enumerate(captions)})

    different = [c for i, c in enumerate(captions) if " ".join(tokenize(c)) != theirs[i][0]]

    assert len(captions) > 1000
    assert len(different) <= len(captions) / 1000, different[:20]
