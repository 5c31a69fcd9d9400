"""Repairing a library: the doctor, and salvage from a damaged file."""
