"""The word list: the lines of words.tsv, from the words that a word head has learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources

from captioner.describe.labels import Label
from captioner.describe.plurals import PLURALS

_VOWELS = "aeiou"

# Forms of verbs that no rule gives, by lemma.
_VERBS = {
    "sit": "sat", "stand": "stood", "run": "ran", "swim": "swam swum", "fly": "flew flown",
    "ride": "rode ridden", "drive": "drove driven", "eat": "ate eaten", "drink": "drank drunk",
    "hold": "held", "wear": "wore worn", "throw": "threw thrown", "catch": "caught",
    "fall": "fell fallen", "lie": "lay lain lying", "lay": "laid", "leap": "leapt",
    "sleep": "slept", "stick": "stuck", "swing": "swung", "sing": "sang sung", "ring": "rang rung",
    "hang": "hung", "hit": "hitting", "write": "wrote written", "read": "reading",
    "speak": "spoke spoken", "take": "took taken", "make": "made", "give": "gave given",
    "go": "went gone", "get": "got gotten", "see": "saw seen", "build": "built", "break":
    "broke broken", "freeze": "froze frozen", "fight": "fought", "feed": "fed", "dig": "dug",
    "bite": "bit bitten", "blow": "blew blown", "draw": "drew drawn", "shine": "shone",
    "shoot": "shot", "show": "shown", "slide": "slid", "spin": "spun", "sell": "sold",
    "teach": "taught", "win": "won", "kneel": "knelt", "lean": "leant", "leave": "left",
    "grow": "grew grown", "tie": "tied tying",
}  # fmt: skip


@dataclass(frozen=True)
class WordTable:
    """What is known of words by hand.

    Attributes:
        labels: By lemma: name, parents, synonyms and trust. A lemma without a label is no tag.
        tied: By lemma, all lemmas that mean the same, itself included.
    """

    labels: Mapping[str, Label]
    tied: Mapping[str, tuple[str, ...]]

    @classmethod
    def read(cls) -> WordTable:
        """Read the tables that come with this package, in `vocabulary`."""
        folder = resources.files("captioner.training") / "vocabulary"
        labels, tied = {}, {}
        for line in (folder / "words.tsv").read_text("utf-8").splitlines()[1:]:
            lemmas, name, parents, synonyms, trust, parents_trust = line.split("\t")
            label = Label(
                name, _split(parents), _split(synonyms), float(trust), float(parents_trust)
            )
            for lemma in lemmas.split():
                labels[lemma], tied[lemma] = label, tuple(lemmas.split())
        for line in (folder / "things.txt").read_text("utf-8").splitlines():
            parents, colon, lemmas = line.partition(":")
            if colon and not line.startswith("#"):
                for lemma in lemmas.split():
                    labels[lemma] = Label(lemma, _split(parents))
        return cls(labels, tied)

    def canonical(self, lemma: str) -> str:
        """Return the lemma that stands for all lemmas of the same meaning: kid, child."""
        return self.tied.get(lemma, (lemma,))[0]


def word_lines(
    vocabulary: Sequence[str], seen: Mapping[str, int], table: WordTable | None = None
) -> list[str]:
    """Return the lines of words.tsv for a word head.

    A word's forms are the word itself, then its inflections and the words that are tied to it, with
    their inflections, as far as captions hold them and they are no words of the head themselves.

    Args:
        vocabulary: the head's words, in the order of its outputs, in lower case.
        seen: how often captions hold each spelling.
        table: by default `WordTable.read()`.
    """
    table = table or WordTable.read()
    own = set(vocabulary)
    lines = []
    for word in vocabulary:
        label = table.labels.get(word, Label(word, trust=0.0, parents_trust=0.0))
        relatives = [other for other in table.tied.get(word, ()) if other not in own]
        forms = {
            form: None
            for lemma in (word, *relatives)
            for form in (lemma, *inflections(lemma))
            if seen.get(form, 0) and form not in own
        }
        lines.append(_line(replace(label, forms=(word, *forms))))
    return lines


def inflections(lemma: str) -> list[str]:
    """Return the spellings of a lemma as noun and verb: plural, third person, past, -ing.

    Some are no words ("caring" for "car" is none of them: a rule doubles the consonant). Whoever
    takes them must know which of them occur.
    """
    stem, last = lemma[:-1], lemma[-1:]
    if lemma.endswith(("s", "x", "z", "ch", "sh")):
        forms = [f"{lemma}es", f"{lemma}ed", f"{lemma}ing"]
    elif last == "y" and lemma[-2:-1] not in _VOWELS:
        forms = [f"{stem}ies", f"{stem}ied", f"{lemma}ing"]
    elif last == "e":
        forms = [f"{lemma}s", f"{lemma}d", f"{stem}ing"]
    elif _doubles(lemma):
        forms = [f"{lemma}s", f"{lemma}{last}ed", f"{lemma}{last}ing"]
    else:
        forms = [f"{lemma}s", f"{lemma}ed", f"{lemma}ing"]
    return [*f"{PLURALS.get(lemma, '')} {_VERBS.get(lemma, '')}".split(), *forms]


def _doubles(lemma: str) -> bool:
    """Return whether a verb doubles its last consonant: "jog", not "jump", "rain", "row"."""
    ends = lemma[-3:]
    return (
        len(ends) == 3
        and ends[0] not in _VOWELS
        and ends[1] in _VOWELS
        and ends[2] not in _VOWELS + "wxy"
        and sum(letter in _VOWELS for letter in lemma) == 1
    )


def _line(label: Label) -> str:
    fields = (", ".join(label.parents), ", ".join(label.synonyms))
    trust = (f"{label.trust:g}", f"{label.parents_trust:g}")
    return "\t".join((label.name, *fields, *trust, " ".join(label.forms)))


def _split(field: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in field.split(",") if part.strip())
