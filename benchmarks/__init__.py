"""Every number in the README comes from a script here."""
