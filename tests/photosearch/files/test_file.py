"""Files: one number tells whether any sidecar of a photo changed."""

from hypothesis import given
from hypothesis import strategies as st

from photosearch.files.file import File, Sidecar

TIMES = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4)


def number(times: list[int]) -> int | None:
    sidecars = tuple(Sidecar(f"/p/a.{place}.xmp", time) for place, time in enumerate(times))
    return File("/p/a.jpg", 1, 1, 1, sidecars).sidecar_mtime_ns


def test_a_single_sidecar_is_known_by_its_time_as_in_old_libraries() -> None:
    assert number([]) is None
    assert (number([7]), number([0])) == (7, 0)


@given(TIMES, TIMES)
def test_another_time_another_number(some: list[int], others: list[int]) -> None:
    assert (number(some) == number(others)) == (some == others)
    for found in (number(some), number(others)):
        assert found is None or -(2**63) <= found < 2**63  # SQLite's integers
