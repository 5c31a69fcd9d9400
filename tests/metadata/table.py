"""The table: all rows, by kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.metadata.questions import Question
from tests.metadata.row import Row
from tests.metadata.tables import (
    date_forms,
    date_names,
    dates,
    files,
    junk,
    keywords,
    names,
    people_places,
    programs,
    sidecars,
    words,
    xmp,
)

ROWS: Mapping[str, Sequence[Row]] = {
    "dates": dates.ROWS,
    "date forms": date_forms.ROWS,
    "date names": date_names.ROWS,
    "words": words.ROWS,
    "keywords": keywords.ROWS,
    "people and places": people_places.ROWS,
    "sidecars": sidecars.ROWS,
    "xmp": xmp.ROWS,
    "junk": junk.ROWS,
    "files": files.ROWS,
    "programs": programs.ROWS,
}

QUESTIONS: Mapping[str, Sequence[Question]] = names.QUESTIONS
