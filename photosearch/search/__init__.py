"""Searching: from a query to ranked photos with their evidence; it only reads, and imports no torch."""
