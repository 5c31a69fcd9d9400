"""Describing photos without torch: engines, beam search, tags, colours, sentences."""
