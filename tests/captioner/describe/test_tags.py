"""Tags from the outputs of the classifiers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from captioner.describe import tags as module
from captioner.describe.description import Tag
from captioner.describe.labels import Label, Labels, TagLabels
from captioner.describe.model_folder import shipped_model
from captioner.describe.tags import TagConfig, probabilities, word_probabilities

LABELS = TagLabels.load(shipped_model())
CLASSES, WORDS = LABELS.classes.labels, LABELS.words.labels
NAMES = [label.name for label in CLASSES]
WORD_NAMES = [label.name for label in WORDS]
TWO = Labels([Label("a"), Label("b")])
DOGS = [i for i, label in enumerate(CLASSES) if "dog" in label.parents]


def tags_of(
    classes: np.ndarray, words: np.ndarray | None = None, config: TagConfig | None = None
) -> list[list[Tag]]:
    return module.tags_of(classes, words, LABELS, config)


def classes(**shares: float) -> np.ndarray:
    """Logits of one photo whose classes (underscores for spaces) have these shares."""
    share = np.full(len(NAMES), 1e-9, np.float32)
    for name, value in shares.items():
        share[NAMES.index(name.replace("_", " "))] = value
    return np.log(share)[None]


def words(**chances: float) -> np.ndarray:
    logits = np.full(len(WORD_NAMES), -20, np.float32)
    for name, chance in chances.items():
        logits[WORD_NAMES.index(name.replace("_", " "))] = np.log(chance / (1 - chance))
    return logits[None]


def by_text(tags: list[Tag]) -> dict[str, Tag]:
    assert len({tag.text for tag in tags}) == len(tags)
    return {tag.text: tag for tag in tags}


def shown(tags: list[Tag]) -> set[str]:
    return {tag.text for tag in tags if tag.shown}


def test_a_parent_sums_over_its_classes() -> None:
    logits = np.full((1, len(NAMES)), -30, np.float32)
    logits[0, DOGS] = 0.0  # every breed alike
    [tags] = tags_of(logits)
    dog = by_text(tags)["dog"]
    assert dog.probability == pytest.approx(
        np.mean([CLASSES[i].parents_trust for i in DOGS]), abs=1e-3
    )
    assert dog.shown
    assert not {NAMES[i] for i in DOGS} & set(by_text(tags))  # no breed is sure


def test_a_distrusted_class_is_not_shown_but_its_parents_may_be() -> None:
    [tags] = tags_of(classes(tandem_bicycle=1.0))
    assert "tandem bicycle" not in by_text(tags)
    assert shown(tags) == {"bicycle"}


def test_no_ancestor_is_shown_beside_its_child() -> None:
    [tags] = tags_of(classes(golden_retriever=0.98, tabby_cat=0.02))
    assert shown(tags) == {"golden retriever"}
    assert {"retriever", "dog", "animal"} <= set(by_text(tags))  # still searchable
    [tags] = tags_of(classes(golden_retriever=0.5, labrador=0.5))
    assert shown(tags) == {"retriever"}
    [tags] = tags_of(classes(golden_retriever=0.4, zebra=0.4, pizza=0.2))
    assert shown(tags) == {"animal"}


def test_of_two_texts_for_one_class_the_nearer_is_shown() -> None:
    [tags] = tags_of(classes(groom=1.0))
    assert shown(tags) == {"groom"}
    assert "wedding" in by_text(tags)


def test_an_ancestor_is_hidden_across_the_classifiers() -> None:
    [tags] = tags_of(classes(zebra=0.99), words(animal=0.95, people=0.9))
    assert shown(tags) == {"zebra", "people"}


def test_of_two_classifiers_the_surer_one_speaks() -> None:
    sure = words(dog=0.9)
    [tags] = tags_of(classes(pizza=0.5, castle=0.5), sure)
    assert by_text(tags)["dog"].probability == pytest.approx(0.9, abs=1e-3)
    [tags] = tags_of(classes(golden_retriever=0.95, castle=0.05), words(dog=0.4))
    assert by_text(tags)["dog"].probability > 0.85


def test_words_do_not_exclude_each_other() -> None:
    [tags] = tags_of(classes(pizza=0.5, castle=0.5), words(beach=0.9, dog=0.9))
    assert {"beach", "dog"} <= shown(tags)


def test_the_most_probable_comes_first() -> None:
    [tags] = tags_of(classes(zebra=0.7, castle=0.3), words(grass=0.8, people=0.5))
    chances = [tag.probability for tag in tags]
    assert len(tags) > 3 and chances == sorted(chances, reverse=True)


def test_stricter_thresholds_never_add_tags() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 4, (20, len(NAMES))).astype(np.float32)
    more = random.normal(-2, 2, (20, len(WORD_NAMES))).astype(np.float32)
    before: list[set[str]] | None = None
    for searchable in (0.1, 0.3, 0.6, 0.9):
        found = tags_of(logits, more, TagConfig(searchable=searchable, shown=0.95))
        texts = [{tag.text for tag in tags} for tags in found]
        assert all(tag.probability >= searchable for tags in found for tag in tags)
        assert before is None or all(a >= b for a, b in zip(before, texts, strict=True))
        before = texts
    for tags in tags_of(logits, more):
        assert all(tag.probability >= 0.6 for tag in tags if tag.shown)


def test_at_most_so_many_are_shown() -> None:
    many = words(dog=0.9, beach=0.9, bicycle=0.9, snow=0.9, pizza=0.9, train=0.9, guitar=0.9)
    assert len(shown(tags_of(classes(castle=1.0), many)[0])) == 6
    assert len(shown(tags_of(classes(castle=1.0), many, TagConfig(most_shown=2))[0])) == 2


def test_temperature_makes_less_sure() -> None:
    logits = np.array([[2.0, 0.0]], np.float32)
    assert probabilities(logits, TWO)[0, 0] == pytest.approx(1 / (1 + np.exp(-2)))
    assert probabilities(logits, TWO, 2.0)[0, 0] == pytest.approx(1 / (1 + np.exp(-1)))


def test_probabilities_survive_huge_logits() -> None:
    logits = np.array([[1e4, -1e4]], np.float32)
    assert probabilities(logits, TWO).tolist() == [[1.0, 0.0]]
    assert word_probabilities(logits, TWO) == pytest.approx(np.array([[1, 0]]), abs=2e-6)


def test_a_parent_is_there_if_any_of_its_words_is() -> None:
    labels = Labels([Label("dog", ("animal",)), Label("cat", ("animal",), (), 0.0, 0.5)])
    assert labels.texts == ("dog", "animal")
    found = word_probabilities(np.array([[0.0, 50.0], [0.0, -50.0]], np.float32), labels)
    assert found == pytest.approx(np.array([[0.5, 0.75], [0.5, 0.5]]))
    found = word_probabilities(np.array([[-50.0, 50.0]], np.float32), labels)
    assert found == pytest.approx(np.array([[0, 0.5]]), abs=1e-6)


def test_many_unlikely_words_do_not_add_up() -> None:
    labels = Labels([Label(str(number), ("people",)) for number in range(100)])
    unlikely = np.full((1, 100), -4.0, np.float32)
    place = labels.texts.index("people")
    assert word_probabilities(unlikely, labels)[0, place] > 0.8
    assert word_probabilities(unlikely, labels, 0.1)[0, place] == 0
    unlikely[0, 7] = 0.0
    assert word_probabilities(unlikely, labels, 0.1)[0, place] == pytest.approx(0.5)


@given(
    arrays.arrays(np.float32, (3, 6), elements=st.floats(-9, 9, width=32)),
    st.lists(st.sampled_from((0.0, 0.3, 1.0)), min_size=6, max_size=6),
)
def test_probabilities_are_as_computed_naively(logits: np.ndarray, trust: list[float]) -> None:
    parents = [("x",), ("x", "y"), (), ("y",), ("x",), ("z",)]
    labels = Labels([
        Label(name, above, (), trusted, 0.5)
        for name, above, trusted in zip("aabbcd", parents, trust, strict=True)
    ])  # fmt: skip
    words, kinds = word_probabilities(logits, labels), probabilities(logits, labels)
    for photo, row in enumerate(logits.astype(float)):
        share = np.exp(row) / np.exp(row).sum()
        for column, text in enumerate(labels.texts):
            total, missing = 0.0, 1.0
            for place, label in enumerate(labels.labels):
                if text in label.chain:
                    weight = label.trust if text == label.name else label.parents_trust
                    total += share[place] * weight
                    missing *= 1 - weight / (1 + np.exp(-row[place]))
            assert words[photo, column] == pytest.approx(1 - missing, abs=1e-5)
            assert kinds[photo, column] == pytest.approx(min(total, 1.0), abs=1e-5)


def test_words_of_one_name_are_one_tag() -> None:
    """ "couch" and "sofa" are learnt apart, but people see one of them."""
    labels = Labels([Label("sofa", forms=("couch",)), Label("sofa", forms=("sofa",))])
    found = word_probabilities(np.array([[-50.0, 0.0]], np.float32), labels)
    assert found == pytest.approx(np.array([[0.5]]))


def test_words_without_trust_are_no_tags() -> None:
    nothing = Labels([Label("jumping", trust=0, parents_trust=0)])
    assert word_probabilities(np.full((2, 1), 9.0, np.float32), nothing).shape == (2, 0)
    sure = np.full((1, len(WORDS)), 50.0, np.float32)
    [tags] = tags_of(classes(zebra=1.0), sure)
    trusted = {
        text
        for label in (*CLASSES, *WORDS)
        for text in (*(label.name,) * (label.trust > 0), *label.parents * (label.parents_trust > 0))
    }
    distrusted = {label.name for label in WORDS} - trusted
    assert len(distrusted) > 1000 and not distrusted & {tag.text for tag in tags}


def test_a_tag_is_found_by_synonyms_then_parents() -> None:
    [tags] = tags_of(classes(labrador=1.0), words(motorbike=0.9))
    found = by_text(tags)
    assert found["labrador"].synonyms == ("lab", "labrador retriever", "retriever", "dog", "animal")
    assert found["retriever"].synonyms == ("dog", "animal")
    assert "puppy" in found["dog"].synonyms and found["dog"].synonyms[-1] == "animal"
    assert "labrador" not in found["dog"].synonyms  # a dog need not be one
    assert {"motorcycle", "vehicle"} <= set(found["motorbike"].synonyms)


def test_synonyms_leave_out_the_text_itself_and_repeats() -> None:
    everything = np.zeros((1, len(NAMES)), np.float32)
    [tags] = tags_of(everything, np.full((1, len(WORD_NAMES)), 20.0), TagConfig(searchable=0.0))
    assert {*NAMES, *LABELS.words.texts} <= set(by_text(tags))
    for tag in tags:
        assert tag.text not in tag.synonyms, tag
        assert len(set(tag.synonyms)) == len(tag.synonyms), tag
    for label in (*CLASSES, *(label for label in WORDS if label.trust)):
        others = by_text(tags)[label.name].synonyms
        assert set(label.synonyms) <= set(others), label
        # Also a name of other classes: not each cup is crockery, a baseball player is no ball.
        if label.name not in ("cup", "baseball"):
            assert set(label.parents) <= set(others), label


def test_synonyms_do_not_depend_on_who_found_the_tag() -> None:
    [by_both] = tags_of(classes(zebra=1.0), words(zebra=0.9))
    [by_class] = tags_of(classes(zebra=1.0))
    [by_word] = tags_of(np.zeros((1, len(NAMES)), np.float32), words(zebra=0.9))
    ways = {by_text(tags)["zebra"].synonyms for tags in (by_both, by_class, by_word)}
    assert len(ways) == 1 and "animal" in next(iter(ways))


def test_no_photos_no_tags() -> None:
    assert tags_of(np.zeros((0, 1000), np.float32)) == []


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="1000"):
        tags_of(np.zeros((1, 999), np.float32))
    with pytest.raises(ValueError, match=str(len(WORDS))):
        tags_of(classes(zebra=1.0), np.zeros((1, 3), np.float32))
    with pytest.raises(ValueError, match="2 have words"):
        tags_of(classes(zebra=1.0), np.zeros((2, len(WORDS)), np.float32))
