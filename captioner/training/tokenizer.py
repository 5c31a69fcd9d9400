"""The tokenizer of captions: lower case, clitics split as in the Penn Treebank, no punctuation.

COCO's evaluation does the same to a caption before any metric (Stanford's PTBTokenizer, then a list
of punctuation marks to drop). This module needs no Java.
"""

import re
import unicodedata

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'"})

# "dog's" -> "dog 's", "don't" -> "do n't", "I'dn't" -> "I 'd n't"; "cannot" -> "can not"
_CLITIC = re.compile(r"(?:(?<=[^\W\d])n't|(?<=\w)'(?:s|m|d|re|ve|ll))(?=(?:n't)*(?!\w))")
_JOINED = re.compile(r"\b(?:can(?=not\b)|(?:gon|wan)(?=na\b)|got(?=ta\b)|(?:gim|lem)(?=me\b))")

_TOKEN = re.compile(
    r"""
      n't(?!\w) | '(?:s|m|d|re|ve|ll)(?!\w)         # a clitic
    | \b(?:[^\W\d_]\.){2,}(?!\w)                    # u.s.  p.m.
    | \b(?:mr|mrs|ms|dr|st|mt|jr|sr|ave|blvd|rd|vs|etc)\.(?!\w)
    | \w+(?:(?:[-'./] | (?<=\d)[,:](?=\d))\w+)*     # t-shirt  o'clock  his/her  1,000  6:55
    | [#$%&*+=@/°£€]                                # Penn Treebank counts these as words
    """,
    re.VERBOSE,
)


def tokenize(text: str) -> list[str]:
    """Split a caption into the words that the model and the metrics count.

    The result follows COCO's tokenizer
    (https://github.com/tylin/coco-caption, Stanford CoreNLP 3.4.1 inside), except that brackets
    are dropped like all other punctuation, where COCO's lets "-lrb-" and "-rrb-" through.
    Tokenizing the tokens joined by spaces gives the same tokens again.

    Args:
        text: One caption in any case, with or without spaces around punctuation.

    Returns:
        The words in order; empty when the text holds none.
    """
    text = unicodedata.normalize("NFC", text.lower()).translate(_APOSTROPHES)
    text = _CLITIC.sub(r" \g<0>", text)
    text = _JOINED.sub(r"\g<0> ", text)
    return _TOKEN.findall(text)
