"""Settings: kept, replaced and removed by name."""

import sqlite3

from photosearch.store.settings import read_setting, write_setting


def test_a_setting_is_kept_replaced_and_removed(library: sqlite3.Connection) -> None:
    assert read_setting(library, "model") is None
    write_setting(library, "model", "a")
    write_setting(library, "colour", "red")
    write_setting(library, "model", "b")
    assert (read_setting(library, "model"), read_setting(library, "colour")) == ("b", "red")
    write_setting(library, "model", None)
    assert (read_setting(library, "model"), read_setting(library, "colour")) == (None, "red")
