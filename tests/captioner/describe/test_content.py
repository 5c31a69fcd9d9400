from captioner.describe.content import ContentWords
from captioner.describe.labels import Label, Labels
from captioner.describe.vocabulary import PAD, Vocabulary

VOCABULARY = Vocabulary("a dog dogs on couch sofa red spatula 's".split())
LABELS = Labels([
    Label("dog", forms=("dog", "puppy")),
    Label("sofa", forms=("couch",)),
    Label("sofa", forms=("sofa",)),
    Label("red", trust=0.0, forms=("red",)),
])  # fmt: skip


def numbers(*words: str) -> list[int]:
    return VOCABULARY.encode(words)


def test_words_of_one_meaning_are_one_family() -> None:
    content = ContentWords(VOCABULARY, LABELS, 100)
    dog, dogs, red, spatula = numbers("dog", "dogs", "red", "spatula")
    assert content.family[dog] == content.family[dogs] == 0
    assert content.family[red] == 3 and content.family[spatula] >= content.known == 4
    assert all(content.family[word] == -1 for word in (0, 1, 2, 3, *numbers("a", "on", "'s")))
    assert content.thing[dog] and not content.thing[red]
    assert content.rarity[dog] < content.rarity[red]


def test_after_a_word_all_words_of_its_name_are_barred() -> None:
    content = ContentWords(VOCABULARY, LABELS, 100)
    (a, couch, sofa, spatula) = numbers("a", "couch", "sofa", "spatula")
    assert {*content.kin[couch]} == {*content.kin[sofa]} == {couch, sofa, PAD}
    assert {*content.kin[spatula]} == {spatula, PAD} and {*content.kin[a]} == {PAD}


def test_without_a_head_each_word_stands_for_itself_and_unspoken_words_are_left_out() -> None:
    dog, dogs = numbers("dog", "dogs")
    content = ContentWords(VOCABULARY, None, dogs + 1)
    assert len(content.kin) == len(content.family) == dogs + 1
    assert content.family[dog] != content.family[dogs]
    assert {*content.kin[dog]} == {dog, PAD}
