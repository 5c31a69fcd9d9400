"""One photo file: its pixels and what is written in it; no database, no model."""
