"""The library's file: all that is written to it is written here, but for the doctor's repairs."""
