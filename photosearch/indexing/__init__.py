"""Indexing: from folders to rows of the library."""
