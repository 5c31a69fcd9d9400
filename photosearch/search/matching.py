"""Matching: how well a word of a photo's text stands for a word of a query.

In a text by the model, two words with one stem are one word. In a text by a person, the word itself
counts in full, other spellings of it nearly so, and a word that only has the same stem little:
"Marie" is not "Mary".
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from photosearch.search.query import Query
from photosearch.search.stems import Stemmer
from photosearch.search.synonyms import FORM, SAME, SPELLING
from photosearch.store import spellings
from photosearch.store.search_fields import SEARCH_FIELDS, SURE
from photosearch.store.search_rows import CaptionSource
from photosearch.store.spellings import Form
from photosearch.store.stop_words import STOP_WORDS

# What a word by a person counts for a word of a query, if it isn't the word itself.
PART = 0.9  # the word is a part of it: "holiday" of BeachHoliday, 東京 of 東京旅行
NUMBER = 0.9  # a regular plural of the word, or its singular
STEM = 0.15  # only the stem is the same: a photo that is found by it alone isn't sure


_TRUSTS = {field.name: field.trust for field in SEARCH_FIELDS}
_OF_PEOPLE = "people"  # the field that holds names of people


class Writer(Enum):
    """Who wrote a text, or what it holds."""

    MODEL = auto()
    PERSON = auto()
    NAMES = auto()  # a person wrote names of people: stems, plurals and kinds are other names


class Text(NamedTuple):
    """A text of a photo."""

    field: str  # the name of its search field
    text: str
    writer: Writer
    trust: float  # in a word of the text, see `photosearch.store.search_fields`


@dataclass(frozen=True, slots=True)
class _Sought:
    """A word that is looked for in place of a word of the query."""

    at: int  # the number of the word of the query
    weight: float
    form: Form
    stems: tuple[str, ...]
    by_itself: bool  # its stem is that of a stop word: the stem says nothing


def text_of(field: str, text: str, caption_source: str) -> Text:
    """Return a text of a photo with its writer.

    Args:
        field: the name of its search field.
        text: what stands in the field.
        caption_source: of the photo's caption, a `CaptionSource`.
    """
    trust = _TRUSTS[field]
    if field == "caption" and caption_source != CaptionSource.GENERATED:
        trust = SURE
    writer = Writer.PERSON if trust else Writer.MODEL
    return Text(field, text, Writer.NAMES if field == _OF_PEOPLE else writer, trust)


class Matcher:
    """Compares the words of photos' texts with the words of one query.

    A word of a text becomes a token. Tokens of the same stem that match the query equally well are
    equal; a word that doesn't match has the empty token.
    """

    def __init__(
        self, query: Query, stemmer: Stemmer, is_noun: Callable[[str], bool] = lambda word: True
    ) -> None:
        """Get ready to compare.

        Args:
            query: with the words to look for.
            stemmer: cuts words into stems.
            is_noun: returns whether a word, in small letters, has plurals. Of a name with a
                capital that is no noun, the plural is another name: Jen, Jens.
        """
        self._is_noun = is_noun
        self.terms = query.words
        self._names = query.names
        self._stemmer = stemmer
        self._stems = stemmer.of_words(query.terms)
        self._tokens: dict[Writer, dict[str, str]] = {writer: {"": ""} for writer in Writer}
        self._weights: dict[str, dict[int, float]] = {}  # of a token, by the term's number
        self._by_trait: dict[str | tuple[str, ...], list[_Sought]] = {}
        self._by_run: dict[str, list[_Sought]] = {}
        self._spelt = {phrase.strip('"') for phrase in query.spelt}  # tokens of whole words
        self._sought_for = [
            list(self._sought(at, word, query)) for at, word in enumerate(self.terms)
        ]
        for some in self._sought_for:
            for each in some:
                for trait in _traits(each.form, each.stems):
                    self._by_trait.setdefault(trait, []).append(each)
                if spellings.is_unspaced(each.form.folded):
                    self._by_run.setdefault(each.form.folded, []).append(each)

    def tokens(self, texts: Sequence[Text]) -> list[list[str]]:
        """Return a token for each word of texts. Of many texts at once it takes least time."""
        # Many photos have the same folder and the same camera.
        words = {text: self._words(text) for text in dict.fromkeys(texts)}
        self._stems = self._stemmer.of_words(itertools.chain.from_iterable(words.values()))
        for writer, tokens in self._tokens.items():
            said = (some for text, some in words.items() if text.writer is writer)
            tokens |= self._new_tokens(set().union(*said).difference(tokens), writer)
        cut = {
            text: [*map(self._tokens[text.writer].__getitem__, some)]
            for text, some in words.items()
        }
        return [cut[text] for text in texts]

    def weights(self, token: str) -> Mapping[int, float]:
        """Return what a token counts for words of the query, above 0 to 1, by their numbers."""
        return self._weights[token]

    def alike(self) -> dict[str, dict[str, float]]:
        """Return the tokens so far that stand for each word of the query, with their weights."""
        found: dict[str, dict[str, float]] = {term: {} for term in self.terms}
        for token, weights in self._weights.items():
            for at, weight in weights.items():
                found[self.terms[at]][token] = weight
        return found

    def index_tokens(self) -> dict[str, list[tuple[str, ...]]]:
        """Return what the text index may hold in place of each word of the query.

        It is a list of alternatives; each of them is one or several tokens.
        """
        return {
            word: [tokens for each in some for tokens in self._in_index(each)]
            for word, some in zip(self.terms, self._sought_for, strict=True)
        }

    def _in_index(self, sought: _Sought) -> Iterator[tuple[str, ...]]:
        spelt = self._spelt & {spellings.marked(key) for key in sought.form.keys}
        yield from ((token,) for token in spelt)
        if sought.stems and not (spelt and sought.by_itself):
            yield sought.stems
        if spellings.is_unspaced(sought.form.folded):
            *pairs, last = spellings.pairs(sought.form.folded)
            yield tuple(pairs or [last])

    def marks(self, texts: Sequence[Text]) -> list[list[tuple[int, int]]]:
        """Return the positions of matching words in texts, as (start, end), in order.

        Of a word in a script without blanks, only the part that matches is marked.
        """
        found = []
        for text, tokens in zip(texts, self.tokens(texts), strict=True):
            marks: set[tuple[int, int]] = set()
            if any(tokens):
                # Words that are also written in one come last: a text by the model has none.
                places = spellings.places_of(text.text)
                for (start, end), token in zip(places, tokens, strict=False):
                    if token:
                        marks |= {*self._parts(text.text, start, end)} or {(start, end)}
            found.append([mark for mark in sorted(marks) if not _within(mark, marks)])
        return found

    def _parts(self, text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the positions of words in a script without blanks within a word of a text."""
        for run in self._by_run:
            at = text[start:end].find(run)
            if at >= 0:
                yield start + at, start + at + len(run)

    def _sought(self, at: int, word: str, query: Query) -> Iterator[_Sought]:
        """Yield what is looked for in place of a word of the query, itself included."""
        nothing = self._stemmer.of_stop_words
        for other, weight in {word: 1.0, **query.synonyms.get(word, {})}.items():
            if other == word or other not in STOP_WORDS or other in query.names:
                stems = self._stems[other]
                by_itself = not nothing.isdisjoint(stems)
                yield _Sought(at, weight, spellings.form(other), stems, by_itself)

    def _words(self, text: Text) -> list[str]:
        """Return the words of a text; an empty word in place of a stop word that is no name here.

        If the query asks for words that are also written in one, they are behind the others.
        """
        words = spellings.words_of(text.text)
        is_model = text.writer is Writer.MODEL
        if not is_model:
            joined = [whole for _, _, whole, _ in spellings.joined_words(text.text)]
            words += joined if any(map(self._is_sought, joined)) else []
        if self._names:
            names = set() if is_model else spellings.named(text.field, text.text)
            no_names = (self._names & STOP_WORDS) - names
            words = ["" if word.lower() in no_names else word for word in words]
        return words

    def _is_sought(self, word: str) -> bool:
        """Return whether a word, spelt in some way, is looked for."""
        form = spellings.form(word)
        return not self._by_trait.keys().isdisjoint({form.folded, *form.keys})

    def _new_tokens(self, words: Set[str], writer: Writer) -> dict[str, str]:
        """Return the tokens of words, by word."""
        tokens, stems, known = dict.fromkeys(words, ""), self._stems, self._by_trait
        # Most words are plain and match nothing, so they must take little time.
        for word in words:
            if stems[word] in known or word in known or not _is_plain(word):
                weights = self._compare(word, writer)
                if weights:
                    token = tokens[word] = f"{' '.join(stems[word])} {weights}"
                    self._weights[token] = weights
        return tokens

    def _compare(self, word: str, writer: Writer) -> dict[int, float]:
        """Return what a word counts for words of the query, by their numbers."""
        form, stems = spellings.form(word), self._stems[word]
        traits = [*_traits(form, stems), *form.parts]
        alike = [each for trait in traits for each in self._by_trait.get(trait, ())]
        for run, some in self._by_run.items():
            alike += some if run in form.folded else []
        weights: dict[int, float] = {}
        for each in alike:
            if writer is Writer.NAMES and each.weight < SAME:
                continue  # a bird may be a robin, but Robin is no bird
            nearness = _nearness(form, each)
            if not nearness and stems and stems == each.stems:
                nearness = self._nearness_of_stems(word, form.folded, each, writer)
            weight = each.weight * nearness
            if weight > weights.get(each.at, 0.0):
                weights[each.at] = weight
        return weights

    def _nearness_of_stems(self, word: str, folded: str, sought: _Sought, writer: Writer) -> float:
        """Return how near a word of a text is to another word of the same stem, 0 to 1."""
        singular, plural = sorted((folded, sought.form.folded), key=len)
        is_number = _is_regular_plural(singular, plural)
        if sought.by_itself and (not is_number or {singular, plural} & STOP_WORDS):
            return 0.0
        if writer is Writer.MODEL:
            return FORM
        if writer is Writer.NAMES:
            return 0.0
        return NUMBER if is_number and (word.islower() or self._is_noun(singular)) else STEM


def _is_plain(word: str) -> bool:
    """Return whether a word is its own only key, and has no parts."""
    if word.isalpha():
        return word.isascii() and word.islower()
    return word.isascii() and word.isdigit() and word[0] != "0"


def _traits(form: Form, stems: tuple[str, ...]) -> list[str | tuple[str, ...]]:
    """Return what two words that match have in common, if they are no parts of each other."""
    return [form.folded, *form.keys, stems]


def _nearness(form: Form, sought: _Sought) -> float:
    """Return how near a word of a text is to a word that is looked for, by its letters, 0 to 1."""
    if form.folded == sought.form.folded:
        return 1.0
    if not form.keys.isdisjoint(sought.form.keys):
        return SPELLING
    is_run = spellings.is_unspaced(sought.form.folded) and sought.form.folded in form.folded
    if is_run or not form.parts.isdisjoint(sought.form.keys):
        return PART
    return 0.0


def _is_regular_plural(singular: str, plural: str) -> bool:
    """Return whether a word is the regular plural of another."""
    ends = {singular + "s", singular + "es"}
    return plural in ends or (singular.endswith("y") and plural == singular[:-1] + "ies")


def _within(mark: tuple[int, int], others: set[tuple[int, int]]) -> bool:
    start, end = mark
    return any(mark != other and other[0] <= start and end <= other[1] for other in others)
