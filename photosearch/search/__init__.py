"""Searching: from a query to ranked photos with their evidence; reads only, without torch."""
