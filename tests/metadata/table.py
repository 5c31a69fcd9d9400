"""The table: all rows, by kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.metadata.row import Row
from tests.metadata.tables import dates

ROWS: Mapping[str, Sequence[Row]] = {"dates": dates.ROWS}
