"""The schema of a library file, as numbered steps."""
