"""The schema of a library file, step by step.

`sqlite-utils migrate photosearch.db` runs this file too, so it imports nothing of its own package.
Each step ends by setting `user_version` to its number: readers compare that integer, and need not
import sqlite-utils. A released step never changes: a new step is added below it.
"""

from sqlite_utils import Database, Migrations

migrations = Migrations("photosearch")


@migrations(name="0001_initial")
def initial(db: Database) -> None:
    """Photos, captions, failures, models, runs, roots and the text index."""
    for statement in INITIAL.split("\n\n"):
        db.execute(statement)


@migrations(name="0002_meaning")
def meaning(db: Database) -> None:
    """Tags, vectors and people's own captions; models by the part that they make."""
    for statement in MEANING.split("\n\n"):
        db.execute(statement)


@migrations(name="0003_libraries")
def libraries(db: Database) -> None:
    """User metadata of photos; hashes that recognise a photo that moved."""
    for statement in LIBRARIES.split("\n\n"):
        db.execute(statement)


@migrations(name="0004_columns")
def columns(db: Database) -> None:
    """Columns for the facts that special values of paths, times and sizes used to mean.

    Raises:
        RuntimeError: foreign keys are enforced: to drop the old table would empty others.
    """
    if db.execute("PRAGMA foreign_keys").fetchone()[0]:
        raise RuntimeError("switch foreign keys off to migrate: PRAGMA foreign_keys = OFF")
    for statement in COLUMNS.split("\n\n"):
        db.execute(statement)


@migrations(name="0005_caption_source")
def caption_source(db: Database) -> None:
    """The source of the caption that is shown."""
    for statement in CAPTION_SOURCE.split("\n\n"):
        db.execute(statement)


@migrations(name="0006_words")
def words(db: Database) -> None:
    """The likeliest words of photos, the confidence of captions, and settings."""
    for statement in WORDS.split("\n\n"):
        db.execute(statement)


@migrations(name="0007_names")
def names(db: Database) -> None:
    """People, places and notes that people wrote; every date of a photo; other spellings."""
    for statement in NAMES.split("\n\n"):
        db.execute(statement)


# Paths are bytes as the file system has them (a name need not be valid UTF-8);
# `display` is the same path as text that can be printed and searched.
INITIAL = """
CREATE TABLE models (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    fingerprint TEXT NOT NULL UNIQUE, -- of the weights and settings
    first_used_at TEXT NOT NULL
) STRICT

CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    started_at TEXT NOT NULL, -- UTC, as all times that end in _at, except taken_at
    finished_at TEXT, -- empty while it runs and after a kill
    model_id INTEGER REFERENCES models (id),
    captioned INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0
) STRICT

CREATE TABLE roots (
    path BLOB PRIMARY KEY,
    display TEXT NOT NULL,
    added_at TEXT NOT NULL
) STRICT

CREATE TABLE photos (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,
    display TEXT NOT NULL,
    size INTEGER NOT NULL, -- bytes
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    format TEXT NOT NULL, -- JPEG, PNG, ...
    width INTEGER NOT NULL, -- pixels, upright
    height INTEGER NOT NULL,
    taken_at TEXT, -- ISO 8601, local time, with offset where the camera tells it
    camera TEXT,
    lens TEXT,
    latitude REAL, -- degrees, north positive
    longitude REAL, -- degrees, east positive
    run_id INTEGER NOT NULL REFERENCES runs (id),
    missing_since TEXT -- set while the file is not where it was; it is not found then
) STRICT

CREATE TABLE captions (
    photo_id INTEGER NOT NULL REFERENCES photos (id) ON DELETE CASCADE,
    rank INTEGER NOT NULL, -- 0 is the caption shown
    text TEXT NOT NULL,
    log_probability REAL NOT NULL, -- of the whole caption, natural logarithm
    tokens INTEGER NOT NULL, -- words and end
    model_id INTEGER NOT NULL REFERENCES models (id),
    PRIMARY KEY (photo_id, rank)
) STRICT, WITHOUT ROWID

CREATE TABLE failures (
    path BLOB PRIMARY KEY,
    display TEXT NOT NULL,
    size INTEGER, -- empty for a folder
    mtime_ns INTEGER,
    reason TEXT NOT NULL,
    first_at TEXT NOT NULL,
    last_at TEXT NOT NULL
) STRICT

CREATE TABLE search (
    photo_id INTEGER PRIMARY KEY REFERENCES photos (id) ON DELETE CASCADE,
    caption TEXT NOT NULL,
    alternatives TEXT NOT NULL, -- the other captions
    tags TEXT NOT NULL,
    place TEXT NOT NULL,
    camera TEXT NOT NULL,
    folder TEXT NOT NULL,
    filename TEXT NOT NULL
) STRICT

CREATE VIRTUAL TABLE search_fts USING fts5 (
    caption, alternatives, tags, place, camera, folder, filename,
    content = 'search', content_rowid = 'photo_id',
    tokenize = 'porter unicode61 remove_diacritics 2'
)

CREATE TRIGGER search_inserted AFTER INSERT ON search BEGIN
    INSERT INTO search_fts (rowid, caption, alternatives, tags, place, camera, folder, filename)
    VALUES (new.photo_id, new.caption, new.alternatives, new.tags, new.place, new.camera,
            new.folder, new.filename);
END

CREATE TRIGGER search_deleted AFTER DELETE ON search BEGIN
    INSERT INTO search_fts (search_fts, rowid, caption, alternatives, tags, place, camera,
                            folder, filename)
    VALUES ('delete', old.photo_id, old.caption, old.alternatives, old.tags, old.place,
            old.camera, old.folder, old.filename);
END

CREATE TRIGGER search_updated AFTER UPDATE ON search BEGIN
    INSERT INTO search_fts (search_fts, rowid, caption, alternatives, tags, place, camera,
                            folder, filename)
    VALUES ('delete', old.photo_id, old.caption, old.alternatives, old.tags, old.place,
            old.camera, old.folder, old.filename);
    INSERT INTO search_fts (rowid, caption, alternatives, tags, place, camera, folder, filename)
    VALUES (new.photo_id, new.caption, new.alternatives, new.tags, new.place, new.camera,
            new.folder, new.filename);
END

PRAGMA application_id = 0x70686F74

PRAGMA user_version = 1
"""

# No comment after ADD COLUMN: SQLite would copy it into the table's definition.
MEANING = """
ALTER TABLE models ADD COLUMN part TEXT NOT NULL DEFAULT 'captions'

ALTER TABLE photos ADD COLUMN tags_model_id INTEGER REFERENCES models (id)

CREATE TABLE tags (
    photo_id INTEGER NOT NULL REFERENCES photos (id) ON DELETE CASCADE,
    rank INTEGER NOT NULL, -- 0 is the most probable
    text TEXT NOT NULL,
    synonyms TEXT NOT NULL, -- other words it is found by, separated by line ends
    probability REAL NOT NULL, -- 0 to 1
    shown INTEGER NOT NULL, -- 1: sure enough to be shown; 0: only searched
    PRIMARY KEY (photo_id, rank)
) STRICT, WITHOUT ROWID

CREATE TABLE vectors (
    photo_id INTEGER PRIMARY KEY REFERENCES photos (id) ON DELETE CASCADE,
    model_id INTEGER NOT NULL REFERENCES models (id),
    vector BLOB NOT NULL, -- int8, a byte a dimension
    hubness REAL NOT NULL -- how near it lies to sentences of all kinds
) STRICT

CREATE TABLE edits (
    photo_id INTEGER PRIMARY KEY REFERENCES photos (id) ON DELETE CASCADE,
    caption TEXT NOT NULL, -- a person's, shown instead of the generated ones
    edited_at TEXT NOT NULL
) STRICT

CREATE INDEX photos_missing ON photos (id) WHERE missing_since IS NOT NULL

CREATE VIRTUAL TABLE search_terms USING fts5vocab (search_fts, row)

PRAGMA user_version = 2
"""

# A sidecar of time 0 differs from any: the next run reads once what is written in photos.
LIBRARIES = """
ALTER TABLE photos ADD COLUMN content_hash BLOB

ALTER TABLE photos ADD COLUMN taken_from TEXT

ALTER TABLE photos ADD COLUMN sidecar_mtime_ns INTEGER

ALTER TABLE failures ADD COLUMN stage TEXT NOT NULL DEFAULT 'decode'

UPDATE photos SET taken_from = 'exif' WHERE taken_at IS NOT NULL

UPDATE photos SET sidecar_mtime_ns = 0

UPDATE failures SET stage = 'walk' WHERE size IS NULL

CREATE INDEX photos_size ON photos (size)

CREATE TABLE written (
    photo_id INTEGER PRIMARY KEY REFERENCES photos (id) ON DELETE CASCADE,
    title TEXT NOT NULL, -- each empty where there is none
    description TEXT NOT NULL,
    alt_text TEXT NOT NULL,
    keywords TEXT NOT NULL, -- separated by line ends
    rating INTEGER -- 1 to 5; -1: rejected
) STRICT

ALTER TABLE search ADD COLUMN title TEXT NOT NULL DEFAULT ''

ALTER TABLE search ADD COLUMN description TEXT NOT NULL DEFAULT ''

ALTER TABLE search ADD COLUMN keywords TEXT NOT NULL DEFAULT ''

DROP TRIGGER search_inserted

DROP TRIGGER search_deleted

DROP TRIGGER search_updated

DROP TABLE search_terms

DROP TABLE search_fts

CREATE VIRTUAL TABLE search_fts USING fts5 (
    caption, alternatives, tags, title, description, keywords, place, camera, folder, filename,
    content = 'search', content_rowid = 'photo_id',
    tokenize = 'porter unicode61 remove_diacritics 2'
)

CREATE VIRTUAL TABLE search_terms USING fts5vocab (search_fts, row)

CREATE TRIGGER search_inserted AFTER INSERT ON search BEGIN
    INSERT INTO search_fts (rowid, caption, alternatives, tags, title, description, keywords,
                            place, camera, folder, filename)
    VALUES (new.photo_id, new.caption, new.alternatives, new.tags, new.title, new.description,
            new.keywords, new.place, new.camera, new.folder, new.filename);
END

CREATE TRIGGER search_deleted AFTER DELETE ON search BEGIN
    INSERT INTO search_fts (search_fts, rowid, caption, alternatives, tags, title, description,
                            keywords, place, camera, folder, filename)
    VALUES ('delete', old.photo_id, old.caption, old.alternatives, old.tags, old.title,
            old.description, old.keywords, old.place, old.camera, old.folder, old.filename);
END

CREATE TRIGGER search_updated AFTER UPDATE ON search BEGIN
    INSERT INTO search_fts (search_fts, rowid, caption, alternatives, tags, title, description,
                            keywords, place, camera, folder, filename)
    VALUES ('delete', old.photo_id, old.caption, old.alternatives, old.tags, old.title,
            old.description, old.keywords, old.place, old.camera, old.folder, old.filename);
    INSERT INTO search_fts (rowid, caption, alternatives, tags, title, description, keywords,
                            place, camera, folder, filename)
    VALUES (new.photo_id, new.caption, new.alternatives, new.tags, new.title, new.description,
            new.keywords, new.place, new.camera, new.folder, new.filename);
END

INSERT INTO search_fts (search_fts) VALUES ('rebuild')

PRAGMA user_version = 3
"""

# Until here a photo that was set aside had the path "path, NUL, id". A path with any other NUL is
# damaged: both paths become empty, which the CHECK refuses. Otherwise the index over paths, which
# salvage reads, would be made anew from the damaged rows. The time of a damaged sidecar had all
# bits turned. It was 0 where nobody had looked for what people wrote. A photo of which only the
# path was salvaged had the width 0.
COLUMNS = """
CREATE TABLE new_photos (
    id INTEGER PRIMARY KEY,
    path BLOB UNIQUE, -- empty while the photo is set aside: another one lies there now
    former_path BLOB, -- where the photo lay before it was set aside, else empty
    display TEXT NOT NULL, -- either of them
    size INTEGER, -- bytes; this, and all up to height, is empty where only the path is known
    mtime_ns INTEGER,
    inode INTEGER,
    format TEXT, -- JPEG, PNG, ...
    width INTEGER, -- pixels, upright
    height INTEGER,
    content_hash BLOB, -- SHA-256 of the file
    taken_at TEXT, -- ISO 8601, local time, with offset where the camera tells it
    taken_from TEXT, -- exif, xmp, name or file
    camera TEXT,
    lens TEXT,
    latitude REAL, -- degrees, north positive
    longitude REAL, -- degrees, east positive
    sidecar_mtime_ns INTEGER, -- of the sidecar that was read or is damaged, empty without one
    sidecar_damaged INTEGER NOT NULL DEFAULT 0, -- 1: nothing could be read of it
    metadata_unread INTEGER NOT NULL DEFAULT 0, -- 1: nobody read yet what people wrote in it
    run_id INTEGER NOT NULL REFERENCES runs (id),
    tags_model_id INTEGER REFERENCES models (id),
    missing_since TEXT, -- set while the file is not where it was; it is not found then
    CHECK ((path IS NULL) <> (former_path IS NULL))
) STRICT

INSERT INTO new_photos
SELECT id,
       iif(instr(path, x'00') = 0, path, NULL),
       iif(instr(path, x'00') > 1 AND hex(substr(path, instr(path, x'00'))) = '00' || hex(id),
           substr(path, 1, instr(path, x'00') - 1), NULL),
       display, iif(width = 0, NULL, size), iif(width = 0, NULL, mtime_ns),
       iif(width = 0, NULL, inode), iif(width = 0, NULL, format), nullif(width, 0),
       nullif(height, 0), content_hash, taken_at, taken_from, camera, lens, latitude, longitude,
       CASE WHEN sidecar_mtime_ns < 0 THEN ~sidecar_mtime_ns ELSE nullif(sidecar_mtime_ns, 0) END,
       coalesce(sidecar_mtime_ns < 0, 0), coalesce(sidecar_mtime_ns = 0, 0),
       run_id, tags_model_id, missing_since
FROM photos

DROP TABLE photos

ALTER TABLE new_photos RENAME TO photos

CREATE INDEX photos_missing ON photos (id) WHERE missing_since IS NOT NULL

CREATE INDEX photos_size ON photos (size)

ALTER TABLE written RENAME TO user_metadata

PRAGMA user_version = 4
"""

# Only rows with a caption by a person are written: the rest has the default.
CAPTION_SOURCE = """
ALTER TABLE search ADD COLUMN caption_source TEXT NOT NULL DEFAULT 'generated'

UPDATE search SET caption_source = (
    SELECT CASE WHEN edits.photo_id IS NOT NULL THEN 'edit'
                WHEN alt_text <> '' THEN 'alt_text'
                WHEN user_metadata.description <> '' THEN 'description'
                ELSE 'title' END
    FROM photos LEFT JOIN edits ON edits.photo_id = id
    LEFT JOIN user_metadata ON user_metadata.photo_id = id
    WHERE id = search.photo_id)
WHERE photo_id IN (SELECT photo_id FROM edits)
   OR photo_id IN (SELECT photo_id FROM user_metadata
                   WHERE alt_text <> '' OR description <> '' OR title <> '')

PRAGMA user_version = 5
"""

# No comment after ADD COLUMN: SQLite would copy it into the table's definition. The confidence of a
# caption is the probability that the caption is right, 0 to 1; NULL: unknown. The confidences of
# its content words are a JSON list of [word, probability]; NULL: unknown.
WORDS = """
CREATE TABLE words (
    photo_id INTEGER PRIMARY KEY REFERENCES photos (id) ON DELETE CASCADE,
    model_id INTEGER NOT NULL REFERENCES models (id),
    words BLOB NOT NULL -- the likeliest: indices, uint16, little endian; codes, uint8
) STRICT

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT

ALTER TABLE captions ADD COLUMN confidence REAL

ALTER TABLE captions ADD COLUMN word_confidences TEXT

PRAGMA user_version = 6
"""

# Earlier versions read less of the metadata, so the next run reads the metadata of all photos again.
# `dates` is a JSON object: each source of a date, with its date; until then, the date that was taken
# alone. `spellings` holds other spellings of the words that people wrote; until then, nothing.
NAMES = """
ALTER TABLE photos ADD COLUMN dates TEXT

UPDATE photos SET metadata_unread = 1, taken_from = replace(taken_from, 'xmp', 'created'),
    dates = iif(taken_at IS NOT NULL AND taken_from IN ('exif', 'xmp'),
                json_object(replace(taken_from, 'xmp', 'created'), taken_at), NULL)

ALTER TABLE user_metadata ADD COLUMN people TEXT NOT NULL DEFAULT ''

ALTER TABLE user_metadata ADD COLUMN places TEXT NOT NULL DEFAULT ''

ALTER TABLE user_metadata ADD COLUMN notes TEXT NOT NULL DEFAULT ''

ALTER TABLE search ADD COLUMN people TEXT NOT NULL DEFAULT ''

ALTER TABLE search ADD COLUMN notes TEXT NOT NULL DEFAULT ''

ALTER TABLE search ADD COLUMN spellings TEXT NOT NULL DEFAULT ''

DROP TRIGGER search_inserted

DROP TRIGGER search_deleted

DROP TRIGGER search_updated

DROP TABLE search_terms

DROP TABLE search_fts

CREATE VIRTUAL TABLE search_fts USING fts5 (
    caption, alternatives, tags, title, description, keywords, people, place, notes, camera,
    folder, filename, spellings,
    content = 'search', content_rowid = 'photo_id',
    tokenize = 'porter unicode61 remove_diacritics 2'
)

CREATE VIRTUAL TABLE search_terms USING fts5vocab (search_fts, row)

CREATE TRIGGER search_inserted AFTER INSERT ON search BEGIN
    INSERT INTO search_fts (rowid, caption, alternatives, tags, title, description, keywords,
                            people, place, notes, camera, folder, filename, spellings)
    VALUES (new.photo_id, new.caption, new.alternatives, new.tags, new.title, new.description,
            new.keywords, new.people, new.place, new.notes, new.camera, new.folder, new.filename,
            new.spellings);
END

CREATE TRIGGER search_deleted AFTER DELETE ON search BEGIN
    INSERT INTO search_fts (search_fts, rowid, caption, alternatives, tags, title, description,
                            keywords, people, place, notes, camera, folder, filename, spellings)
    VALUES ('delete', old.photo_id, old.caption, old.alternatives, old.tags, old.title,
            old.description, old.keywords, old.people, old.place, old.notes, old.camera, old.folder,
            old.filename, old.spellings);
END

CREATE TRIGGER search_updated AFTER UPDATE ON search BEGIN
    INSERT INTO search_fts (search_fts, rowid, caption, alternatives, tags, title, description,
                            keywords, people, place, notes, camera, folder, filename, spellings)
    VALUES ('delete', old.photo_id, old.caption, old.alternatives, old.tags, old.title,
            old.description, old.keywords, old.people, old.place, old.notes, old.camera, old.folder,
            old.filename, old.spellings);
    INSERT INTO search_fts (rowid, caption, alternatives, tags, title, description, keywords,
                            people, place, notes, camera, folder, filename, spellings)
    VALUES (new.photo_id, new.caption, new.alternatives, new.tags, new.title, new.description,
            new.keywords, new.people, new.place, new.notes, new.camera, new.folder, new.filename,
            new.spellings);
END

INSERT INTO search_fts (search_fts) VALUES ('rebuild')

PRAGMA user_version = 7
"""
