"""What the outputs of the shipped model's classifiers are called."""

from pathlib import Path

import pytest

from captioner.describe.labels import Label, Labels, TagLabels, copy_labels
from captioner.describe.model_folder import shipped_model, write_part
from captioner.errors import ModelError
from captioner.training.tokenizer import tokenize

LABELS = TagLabels.load(shipped_model())


@pytest.mark.parametrize(("labels", "count"), [(LABELS.classes, 1000), (LABELS.words, 146)])
def test_labels_are_complete_unique_and_plain(labels: Labels, count: int) -> None:
    assert len(labels) == count
    assert len({label.name for label in labels.labels}) == count
    for label in labels.labels:
        texts = (*label.chain, *label.synonyms)
        assert all(text and text == text.strip().lower() for text in texts), label
        assert len(set(texts)) == len(texts), label
        assert 0 < label.trust <= 1 and 0 < label.parents_trust <= 1, label


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
    by_name = {label.name: label.forms for label in LABELS.words.labels}
    assert {"person", "woman", "surfer"} <= set(by_name["people"])
    assert by_name["pizza"] == ("pizza", "pizzas")
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
