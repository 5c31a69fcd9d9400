"""The scripts behind the README's numbers, but for those that `photosearch evaluate` prints."""
