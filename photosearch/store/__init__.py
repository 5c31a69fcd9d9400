"""The library's file: the only place that writes SQL."""
