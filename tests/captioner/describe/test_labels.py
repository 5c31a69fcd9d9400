"""What the outputs of the shipped model's classifiers are called."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.describe.labels import Label, Labels, TagLabels, copy_labels
from captioner.describe.model_folder import shipped_model, write_part
from captioner.errors import ModelError
from captioner.training.tokenizer import tokenize

LABELS = TagLabels.load(shipped_model())


@pytest.mark.parametrize("labels", [LABELS.classes, LABELS.words])
def test_labels_are_plain(labels: Labels) -> None:
    for label in labels.labels:
        texts = (*label.chain, *label.synonyms)
        assert all(text and text == text.strip().lower() for text in texts), label
        assert len(set(texts)) == len(texts), label
        assert 0 <= label.trust <= 1 and 0 <= label.parents_trust <= 1, label


def test_labels_are_complete() -> None:
    classes = LABELS.classes.labels
    assert len({label.name for label in classes}) == len(classes) == 1000
    assert all(label.trust > 0 and label.parents_trust > 0 for label in classes)
    words = LABELS.words.labels
    assert len(words) >= 2500
    assert len({label.forms[0] for label in words}) == len(words)  # each word is learnt once


def test_labels_stand_in_the_order_of_imagenet() -> None:
    reason = "timm has the official names: pip install 'photosearch[gpu]'"
    names = pytest.importorskip("timm.data.imagenet_info", reason=reason)
    info = names.ImageNetInfo()
    # Everyday names that share no word with the official one.
    renamed = {521: "slow cooker", 970: "mountain"}
    for number, label in enumerate(LABELS.classes.labels):
        official = info.index_to_description(number, detailed=False).lower()
        known = " ".join((*label.chain, *label.synonyms)).replace("-", " ").split()
        same = any(word[:4] in official for word in known)
        assert same or renamed.get(number) == label.name, (number, label.name, official)


def test_a_label_of_each_kind() -> None:
    labels = {label.name: label for label in LABELS.classes.labels}
    assert labels["labrador"].parents == ("retriever", "dog", "animal")
    assert "lab" in labels["labrador"].synonyms
    assert labels["crane bird"].parents[-1] == "animal"
    assert "construction" in labels["construction crane"].parents
    assert Label("x", ("y", "z")).chain == ("x", "y", "z")


def test_shipped_forms_are_tokens() -> None:
    for label in LABELS.words.labels:
        assert label.forms and len(set(label.forms)) == len(label.forms), label
        assert all(tokenize(form) == [form] for form in label.forms), label
    by_first = {label.forms[0]: label for label in LABELS.words.labels}
    assert "people" in by_first["person"].forms and by_first["person"].name == "people"
    assert by_first["pizza"].forms == ("pizza", "pizzas")
    assert not any(label.forms for label in LABELS.classes.labels)


def test_a_text_implies_what_all_its_labels_are() -> None:
    table = Labels([
        Label("poodle", ("dog", "animal")), Label("beagle", ("dog", "animal")),
        Label("cat", ("animal",)), Label("groom", ("wedding",)),
    ])  # fmt: skip
    assert table.implied("poodle") == ["dog", "animal"]
    assert table.implied("dog") == ["animal"]
    assert table.implied("animal") == []
    assert (table.implied("groom"), table.implied("wedding")) == (["wedding"], [])
    assert table.implied("elephant") == []
    assert table.implies("poodle", "animal") and not table.implies("animal", "poodle")
    assert not table.implies("poodle", "poodle") and not table.implies("elephant", "animal")


def test_a_label_that_is_trusted_in_nothing_has_no_text() -> None:
    table = Labels([
        Label("jumping", ("sport",), trust=0, parents_trust=0), Label("dog", ("animal",)),
        Label("puppy", ("dog",), trust=0),
    ])  # fmt: skip
    assert (len(table), table.texts) == (3, ("dog", "animal"))
    assert table.implied("jumping") == table.implied("puppy") == []
    assert Labels([]).texts == ()


labels_of_any_kind = st.lists(
    st.builds(
        Label,
        st.sampled_from("abcdef"),
        st.lists(st.sampled_from("ghabk"), unique=True, max_size=3).map(tuple),
        trust=st.sampled_from((0.0, 0.5, 1.0)),
        parents_trust=st.sampled_from((0.0, 1.0)),
    ).filter(lambda label: label.name not in label.parents),
    max_size=8,
)


@given(labels_of_any_kind)
def test_what_a_text_implies_is_as_by_a_matrix(labels: list[Label]) -> None:
    """The naive version compares all texts with all texts, by their columns of weights."""
    table = Labels(labels)
    weights = np.zeros((len(labels), len(table.texts)), np.float32)
    for text, column in zip(table.texts, weights.T, strict=True):
        for row, label in enumerate(labels):
            if text in label.chain:
                column[row] = label.trust if text == label.name else label.parents_trust
    pairs = np.zeros_like(weights)
    ends = np.append(table.start, len(table.label))[1:]
    for place, (start, end) in enumerate(zip(table.start, ends, strict=True)):
        pairs[table.label[start:end], place] = table.weight[start:end]
    assert np.array_equal(pairs, weights)
    height = {
        text: max(
            label.chain.index(text)
            for label, weight in zip(labels, column, strict=True)
            if weight > 0
        )
        for text, column in zip(table.texts, weights.T, strict=True)
    }
    for text, own in zip(table.texts, weights.T > 0, strict=True):
        expected = set()
        for other, others in zip(table.texts, weights.T > 0, strict=True):
            wider = others.sum() > own.sum() or height[text] < height[other]
            if (own <= others).all() and wider:
                expected.add(other)
        assert set(table.implied(text)) == expected
        assert {other for other in table.texts if table.implies(text, other)} == expected


def test_a_model_has_labels_of_its_own(tmp_path: Path) -> None:
    write_part(tmp_path, {}, {"name": "toy"})
    assert len(TagLabels.load(tmp_path).classes) == 1000  # one of version 0.1.0 has none
    (tmp_path / "labels.tsv").write_text("dog\tanimal\tdoggy, hound\t0.5\t1\n", "utf-8")
    copy_labels(tmp_path)
    own = TagLabels.load(tmp_path)
    assert own.classes.labels == (Label("dog", ("animal",), ("doggy", "hound"), 0.5),)
    assert own.words.labels == LABELS.words.labels


def test_damaged_labels_are_told(tmp_path: Path) -> None:
    write_part(tmp_path, {}, {"name": "toy"})
    for damage in ("dog", "dog\tanimal\t\thigh\t1"):
        (tmp_path / "words.tsv").write_text(damage, "utf-8")
        with pytest.raises(ModelError, match=f"words.tsv in {tmp_path} can't be read: put back"):
            TagLabels.load(tmp_path)


def test_labels_that_are_cut_or_gone_are_told(tmp_path: Path) -> None:
    copy_labels(tmp_path)
    write_part(tmp_path, {}, {"name": "toy"})
    for name in ("labels.tsv", "words.tsv"):
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content[: content.index(b"\n", 4000) + 1])
        with pytest.raises(ModelError, match=f"{name} in {tmp_path} is damaged"):
            TagLabels.load(tmp_path)
        (tmp_path / name).unlink()  # the shipped labels don't stand in for it
        with pytest.raises(ModelError, match=f"{name} in {tmp_path} can't be read"):
            TagLabels.load(tmp_path)
        (tmp_path / name).write_bytes(content)
    assert len(TagLabels.load(tmp_path).classes) == 1000
