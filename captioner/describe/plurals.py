"""Plurals that no rule gives: for the words of captions, and for the words of a search."""

from __future__ import annotations

# By singular; several forms are separated by a blank.
PLURALS = {
    "man": "men", "woman": "women", "child": "children", "person": "people persons",
    "foot": "feet", "tooth": "teeth", "goose": "geese", "mouse": "mice", "ox": "oxen",
    "leaf": "leaves", "wolf": "wolves", "calf": "calves", "half": "halves", "knife": "knives",
    "loaf": "loaves", "shelf": "shelves", "scarf": "scarves", "wife": "wives", "elf": "elves",
    "hoof": "hooves", "cactus": "cacti cactuses", "fungus": "fungi", "octopus": "octopi octopuses",
    "fisherman": "fishermen", "fireman": "firemen", "policeman": "policemen",
    "gentleman": "gentlemen", "businessman": "businessmen", "snowman": "snowmen",
    "postman": "postmen", "cowboy": "cowboys", "businesswoman": "businesswomen",
    "policewoman": "policewomen", "salesman": "salesmen", "horseman": "horsemen",
    "workman": "workmen", "grandchild": "grandchildren", "stepchild": "stepchildren",
    "potato": "potatoes", "tomato": "tomatoes", "mango": "mangoes", "buffalo": "buffaloes",
    "volcano": "volcanoes", "hero": "heroes", "bus": "buses busses", "thief": "thieves",
    "larva": "larvae", "nucleus": "nuclei", "bacterium": "bacteria", "life": "lives",
    "bookshelf": "bookshelves", "midwife": "midwives", "dwarf": "dwarves",
    "louse": "lice", "gas": "gases", "lens": "lenses", "iris": "irises", "atlas": "atlases",
    "canvas": "canvases", "circus": "circuses", "walrus": "walruses", "campus": "campuses",
    "virus": "viruses", "crocus": "crocuses", "platypus": "platypuses",
    "hippopotamus": "hippopotamuses hippopotami",
}  # fmt: skip
