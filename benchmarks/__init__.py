"""The scripts behind the README's numbers, except the numbers of `photosearch evaluate`."""
