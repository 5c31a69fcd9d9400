"""The time, as a library keeps it."""

import time

from photosearch.store.clock import now


def test_times_are_utc_in_whole_seconds() -> None:
    assert now() in {
        time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() - late)) for late in (0, 1)
    }
