"""The lines of words.tsv for a vocabulary."""

from pathlib import Path

import pytest

from captioner.describe.labels import Label, Labels
from captioner.describe.model_folder import write_part
from captioner.training.tokenizer import tokenize
from captioner.training.word_list import WordTable, inflections, word_lines

TABLE = WordTable.read()


def labels_of(vocabulary: list[str], seen: str, folder: Path) -> list[Label]:
    lines = word_lines(vocabulary, dict.fromkeys(seen.split(), 1))
    write_part(folder, {}, {"name": "toy"})
    (folder / "words.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return list(Labels.read(folder, "words.tsv").labels)


def test_a_line_for_each_word_in_the_order_of_the_head(tmp_path: Path) -> None:
    found = labels_of(
        ["child", "wearing", "sofa", "zebra", "owl"],
        "child children kid kids wearing sofas couch couches zebra owls",
        tmp_path,
    )
    child = ("child", "children", "kid", "kids")
    assert found == [
        Label("child", ("people",), ("children", "kid", "kids"), forms=child),
        Label("wearing", (), (), 0, 0, ("wearing",)),
        Label("sofa", ("furniture",), ("couch",), 0.7, 0.9, ("sofa", "sofas", "couch", "couches")),
        Label("zebra", ("animal",), forms=("zebra",)),
        Label("owl", ("bird", "animal"), forms=("owl", "owls")),
    ]


def test_a_word_of_the_head_is_no_form_of_another_word(tmp_path: Path) -> None:
    seen = "sit sits sat sitting kid kids child children"
    sit, sitting, child, kid = labels_of(["sit", "sitting", "child", "kid"], seen, tmp_path)
    assert sit.forms == ("sit", "sat", "sits")
    assert sitting.forms == ("sitting",)
    assert child.forms == ("child", "children")
    assert kid.forms == ("kid", "kids") and kid.name == "child"


def test_what_the_tables_lack_is_no_tag(tmp_path: Path) -> None:
    front, next_, colour = labels_of(["front", "next", "colorful"], "colourful", tmp_path)
    assert (front.trust, front.parents_trust, next_.trust, colour.trust) == (0, 0, 0, 0)
    assert colour.forms == ("colorful", "colourful")


@pytest.mark.parametrize(
    ("lemma", "expected"),
    [
        ("dog", "dogs"), ("church", "churches"), ("baby", "babies"), ("toy", "toys"),
        ("child", "children"), ("goose", "geese"), ("jump", "jumping jumped jumps"),
        ("jog", "jogging jogged"), ("ride", "riding rode ridden"), ("row", "rowing"),
        ("rain", "raining"), ("carry", "carried carrying carries"), ("kiss", "kisses kissing"),
    ],
)  # fmt: skip
def test_inflections(lemma: str, expected: str) -> None:
    assert set(expected.split()) <= set(inflections(lemma))
    assert len(set(inflections(lemma))) == len(inflections(lemma))


def test_no_inflection_is_of_another_word() -> None:
    assert "caring" not in inflections("car") and "staring" not in inflections("star")


def test_the_tables_are_plain_and_say_each_thing_once() -> None:
    for lemma, label in TABLE.labels.items():
        assert tokenize(lemma) == [lemma], lemma
        texts = (*label.chain, *label.synonyms)
        assert all(text and text == text.strip().lower() for text in texts), label
        assert len(set(texts)) == len(texts), label
        assert 0 <= label.trust <= 1 and 0 <= label.parents_trust <= 1, label
    folder = Path(__file__).parents[3] / "captioner" / "training" / "vocabulary"
    rows = (folder / "words.tsv").read_text("utf-8").splitlines()[1:]
    lemmas = [lemma for row in rows for lemma in row.split("\t")[0].split()]
    for line in (folder / "things.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            lemmas += line.partition(":")[2].split()
    repeated = {lemma for lemma in lemmas if lemmas.count(lemma) > 1}
    assert not repeated and set(lemmas) == set(TABLE.labels)


def test_tied_words_have_one_lemma() -> None:
    assert [TABLE.canonical(word) for word in ("kid", "child", "couch", "ocean", "xyz")] == [
        "child", "child", "sofa", "sea", "xyz"
    ]  # fmt: skip
