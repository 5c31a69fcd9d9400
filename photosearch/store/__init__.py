"""The library's file: every write to it is here, except the doctor's repairs."""
