import math
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.training.metrics import bleu, cider_d, rouge_l, score
from captioner.training.tokenizer import tokenize

Captions = dict[str, list[str]]  # all captions of a photo, by its name
Photo = tuple[list[str], list[list[str]]]  # the candidate's words, the references' words


def split(*captions: str) -> list[list[str]]:
    return [caption.split() for caption in captions]


def columns(photos: list[Photo]) -> tuple[list[list[str]], list[list[list[str]]]]:
    return [candidate for candidate, _ in photos], [references for _, references in photos]


# Values worked out by hand


def test_bleu_counts_a_word_as_often_as_one_reference_has_it() -> None:
    # Example 2 of Papineni et al.: "the" stands at most twice in a reference.
    candidates = split("the the the the the the the")
    references = [split("the cat is on the mat", "there is a cat on the mat")]
    assert bleu(candidates, references) == pytest.approx((2 / 7, 0, 0, 0))


def test_bleu_punishes_short_captions() -> None:
    one, two, three, four = bleu(split("a dog"), [split("a dog runs")])
    assert one == two == pytest.approx(math.exp(1 - 3 / 2))
    assert three == four == 0


def test_bleu_does_not_reward_long_captions() -> None:
    one, two, *_ = bleu(split("a dog runs fast"), [split("a dog")])
    assert one == pytest.approx(2 / 4)
    assert two == pytest.approx(math.sqrt(2 / 4 * 1 / 3))


def test_bleu_takes_the_shorter_of_two_equally_close_lengths() -> None:
    assert bleu(split("a b c"), [split("a b c d", "a b")])[0] == 1


def test_bleu_pools_matches_over_photos() -> None:
    # 5 of 6 words, 3 of 4 pairs. The mean over photos would be (1 + 1/2) / 2 for words.
    candidates = split("a dog runs fast", "a cat")
    references = [split("a dog runs fast"), split("a bird")]
    one, two, three, four = bleu(candidates, references)
    assert one == pytest.approx(5 / 6)
    assert two == pytest.approx((5 / 6 * 3 / 4) ** (1 / 2))
    assert three == pytest.approx((5 / 6 * 3 / 4 * 2 / 2) ** (1 / 3))
    assert four == pytest.approx((5 / 6 * 3 / 4 * 2 / 2 * 1 / 1) ** (1 / 4))


def test_rouge_l_follows_word_order() -> None:
    # The example of Lin, section 3.1.
    reference = [split("police killed the gunman")]
    assert rouge_l(split("police kill the gunman"), reference) == pytest.approx(3 / 4)
    assert rouge_l(split("the gunman kill police"), reference) == pytest.approx(2 / 4)


def test_rouge_l_weighs_recall_more() -> None:
    precise = rouge_l(split("a dog"), [split("a dog runs fast")])  # precision 1, recall 1/2
    complete = rouge_l(split("a dog runs fast"), [split("a dog")])  # precision 1/2, recall 1
    assert precise == pytest.approx(2.44 * 0.5 / (0.5 + 1.44))
    assert complete == pytest.approx(2.44 * 0.5 / (1 + 1.44 * 0.5))


def test_rouge_l_takes_precision_and_recall_from_different_references() -> None:
    references = [split("a dog", "a dog runs fast")]
    assert rouge_l(split("a dog runs"), references) == pytest.approx(1)


def test_rouge_l_averages_photos() -> None:
    assert rouge_l(split("a dog", "a cat"), [split("a dog"), split("two birds")]) == 0.5


def test_cider_d_of_perfect_captions_is_ten() -> None:
    captions = split("a brown dog runs fast", "two cats sleep here today")
    assert cider_d(captions, [[caption] for caption in captions]) == pytest.approx(10)


def test_cider_d_averages_orders_and_photos() -> None:
    # Only one of four orders and one of two photos matches: 10 / 4 / 2.
    assert cider_d(split("dog", "dog"), [split("dog"), split("cat")]) == pytest.approx(1.25)


def test_cider_d_averages_references() -> None:
    references = [split("dog", "hound"), split("cat")]
    assert cider_d(split("dog", "bird"), references) == pytest.approx(1.25 / 2)


def test_cider_d_clips_repetition_and_punishes_other_lengths() -> None:
    # Cosine of (2) and (1), clipped to 1/2; one word too long for sigma = 6 words.
    value = cider_d(split("dog dog", "bird"), [split("dog"), split("cat")])
    assert value == pytest.approx(1.25 / 2 * math.exp(-1 / 72))


def test_cider_d_gives_nothing_for_words_of_every_photo() -> None:
    assert cider_d(split("a", "a"), [split("a dog"), split("a cat")]) == 0


def test_cider_d_weighs_rare_words_more() -> None:
    # Of three photos "dog" stands for two, "hat" for one: weights ln 3/2 and ln 3.
    references = [split("dog hat"), split("dog"), split("cat")]
    common, rare = math.log(3 / 2), math.log(3)
    cosine = rare / math.hypot(common, rare)
    expected = 10 * cosine * math.exp(-1 / 72) / 4 / 3
    assert cider_d(split("hat", "x", "y"), references) == pytest.approx(expected)


def test_score_tokenizes_and_pairs_by_photo() -> None:
    candidates = {"b.jpg": "Two cats sleep on a bed!", "a.jpg": "The dog's ball is red."}
    references = {"a.jpg": ["the dog 's ball is red"], "b.jpg": ["two cats, sleep on a BED ."]}
    scores = score(candidates, references)
    assert list(scores) == ["BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L", "CIDEr-D"]
    assert list(scores.values()) == [pytest.approx(v) for v in (1, 1, 1, 1, 1, 10)]


def test_captions_without_words_score_nothing() -> None:
    assert score({"a": "...", "b": ""}, {"a": ["a dog"], "b": ["a cat"]}) == {
        **{f"BLEU-{n}": 0.0 for n in (1, 2, 3, 4)},
        "ROUGE-L": 0.0,
        "CIDEr-D": 0.0,
    }


def test_a_reference_without_words_is_no_match() -> None:
    assert rouge_l([["dog"]], [[[], ["dog"]]]) == 1
    assert rouge_l([[]], [[[]]]) == 0
    assert cider_d([["dog"], []], [[[]], [[]]]) == 0
    assert bleu([["dog"]], [[[]]]) == (0, 0, 0, 0)


# Wrong input


@pytest.mark.parametrize("metric", [bleu, rouge_l, cider_d])
def test_metrics_reject_input_that_cannot_be_paired(metric: Any) -> None:
    with pytest.raises(ValueError, match="no captions"):
        metric([], [])
    with pytest.raises(ValueError, match="1 candidates but references of 2 photos"):
        metric([["a"]], [[["a"]], [["b"]]])
    with pytest.raises(ValueError, match="photo 1 has no reference"):
        metric([["a"], ["b"]], [[["a"]], []])


def test_score_rejects_input_that_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="no captions"):
        score({}, {})
    with pytest.raises(ValueError, match=r"'b\.jpg' has a candidate or references, but not both"):
        score({"a.jpg": "a dog"}, {"a.jpg": ["a dog"], "b.jpg": ["a cat"]})
    with pytest.raises(ValueError, match=r"'a\.jpg' needs a list"):
        score({"a.jpg": "a dog"}, {"a.jpg": []})
    with pytest.raises(ValueError, match=r"'a\.jpg' needs a list"):
        score({"a.jpg": "a dog"}, {"a.jpg": "a dog"})


# Properties


def words(min_size: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from("abcde"), min_size=min_size, max_size=9)


@st.composite
def photo_lists(draw: st.DrawFn, min_words: int = 1) -> list[Photo]:
    references = st.lists(words(min_words), min_size=1, max_size=3)
    return draw(st.lists(st.tuples(words(min_words), references), min_size=1, max_size=5))


@given(photo_lists(min_words=4))
def test_a_perfect_match_scores_one(photos: list[Photo]) -> None:
    _, references = columns(photos)
    candidates = [truths[-1] for truths in references]
    assert bleu(candidates, references) == pytest.approx((1, 1, 1, 1))
    assert rouge_l(candidates, references) == pytest.approx(1)


@given(photo_lists(min_words=0))
def test_scores_stay_in_range(photos: list[Photo]) -> None:
    one, two, three, four = bleu(*columns(photos))
    assert 0 <= four <= 1 and 0 <= three <= 1 and 0 <= two <= 1 and 0 <= one <= 1
    assert 0 <= rouge_l(*columns(photos)) <= 1 + 1e-12
    assert 0 <= cider_d(*columns(photos)) <= 10 + 1e-9


@settings(deadline=None)  # a slow machine is no failure
@given(photo_lists(min_words=0), st.data())
def test_the_order_of_photos_and_references_changes_nothing(
    photos: list[Photo], data: st.DataObject
) -> None:
    shuffled = [
        (candidate, data.draw(st.permutations(references)))
        for candidate, references in data.draw(st.permutations(photos))
    ]
    for metric in (bleu, rouge_l, cider_d):
        assert metric(*columns(photos)) == metric(*columns(shuffled))


@given(photo_lists(), words(1))
def test_another_reference_never_lowers_rouge_l(photos: list[Photo], extra: list[str]) -> None:
    more = [(candidate, [*references, extra]) for candidate, references in photos]
    assert rouge_l(*columns(more)) >= rouge_l(*columns(photos)) - 1e-12


# Against COCO's own evaluation


@pytest.fixture(scope="module")
def dev_captions(data_dir: Path) -> Captions:
    folder = data_dir / "flickr8k"
    captions: Captions = {name: [] for name in (folder / "splits/dev.txt").read_text().split()}
    for line in (folder / "captions.tsv").read_text("utf-8").splitlines():
        name, caption = line.split("\t", 1)
        if name in captions:
            captions[name].append(caption)
    assert len(captions) == 1000
    return captions


def coco_scores(candidates: Captions, references: Captions) -> dict[str, float]:
    """Score tokenized captions, words joined by spaces, with pycocoevalcap."""
    b = pytest.importorskip("pycocoevalcap.bleu.bleu")
    r = pytest.importorskip("pycocoevalcap.rouge.rouge")
    c = pytest.importorskip("pycocoevalcap.cider.cider")
    values, _ = b.Bleu(4).compute_score(references, candidates, verbose=0)
    scores = {f"BLEU-{n}": float(value) for n, value in enumerate(values, start=1)}
    scores["ROUGE-L"] = float(r.Rouge().compute_score(references, candidates)[0])
    scores["CIDEr-D"] = float(c.Cider().compute_score(references, candidates)[0])
    return scores


def test_equals_coco_on_the_same_words(dev_captions: Captions) -> None:
    joined = {
        name: [" ".join(tokenize(caption)) for caption in captions]
        for name, captions in dev_captions.items()
    }
    candidates = {name: captions[:1] for name, captions in joined.items()}
    references = {name: captions[1:] for name, captions in joined.items()}

    ours = score({name: captions[0] for name, captions in candidates.items()}, references)

    assert ours == pytest.approx(coco_scores(candidates, references), abs=1e-6, rel=0)
    assert ours["CIDEr-D"] > 0.5  # people agree with people


@pytest.mark.slow
def test_equals_coco_with_its_own_tokenizer(dev_captions: Captions) -> None:
    coco = pytest.importorskip("pycocoevalcap.tokenizer.ptbtokenizer")
    if shutil.which("java") is None:
        pytest.skip("COCO's tokenizer needs java on PATH")
    theirs: Captions = coco.PTBTokenizer().tokenize(
        {name: [{"caption": c} for c in captions] for name, captions in dev_captions.items()}
    )

    ours = score(
        {name: captions[0] for name, captions in dev_captions.items()},
        {name: captions[1:] for name, captions in dev_captions.items()},
    )

    expected = coco_scores(
        {name: captions[:1] for name, captions in theirs.items()},
        {name: captions[1:] for name, captions in theirs.items()},
    )
    assert ours == pytest.approx(expected, abs=0.001, rel=0)


@given(photo_lists())
def test_equals_coco_on_any_words(photos: list[Photo]) -> None:
    candidates = {str(i): [" ".join(candidate)] for i, (candidate, _) in enumerate(photos)}
    references = {str(i): [" ".join(r) for r in truths] for i, (_, truths) in enumerate(photos)}
    coco = coco_scores(candidates, references)
    assert rouge_l(*columns(photos)) == pytest.approx(coco["ROUGE-L"], abs=1e-6)
    assert cider_d(*columns(photos)) == pytest.approx(coco["CIDEr-D"], abs=1e-6)
