"""The layout of book.sqlite. A change here needs a new `FORMAT` in `home`."""

SCHEMA = """
PRAGMA page_size = 4096;
CREATE TABLE edition (
  id INTEGER PRIMARY KEY, source TEXT, name TEXT, starts TEXT, ends TEXT, release TEXT, fiscal_year INTEGER
);
CREATE TABLE node (
  edition INTEGER, pos INTEGER, kind TEXT, code TEXT, title TEXT, parent INTEGER, stop INTEGER, seventh INTEGER,
  made INTEGER, PRIMARY KEY (edition, pos)
) WITHOUT ROWID;
CREATE TABLE note (
  edition INTEGER, number INTEGER, holder INTEGER, kind TEXT, element INTEGER, run INTEGER, head INTEGER,
  text TEXT, conditional INTEGER, open INTEGER, PRIMARY KEY (edition, number)
) WITHOUT ROWID;
CREATE TABLE reference (id INTEGER PRIMARY KEY, edition INTEGER, text TEXT, exact TEXT, problem TEXT);
CREATE TABLE span (reference INTEGER, start INTEGER, stop INTEGER, PRIMARY KEY (reference, start)) WITHOUT ROWID;
CREATE TABLE note_reference (
  edition INTEGER, note INTEGER, ordinal INTEGER, reference INTEGER, PRIMARY KEY (edition, note, ordinal)
) WITHOUT ROWID;
CREATE TABLE extension (
  edition INTEGER, holder INTEGER, ordinal INTEGER, character TEXT, text TEXT,
  PRIMARY KEY (edition, holder, ordinal)
) WITHOUT ROWID;
CREATE TABLE moved (edition INTEGER, note INTEGER, target INTEGER, term INTEGER);
CREATE TABLE registry (
  code TEXT, starts TEXT, ends TEXT, flags TEXT, PRIMARY KEY (code, starts)
) WITHOUT ROWID;
CREATE TABLE age_range (name TEXT, low INTEGER, high INTEGER, starts TEXT, ends TEXT);
CREATE TABLE conversion (
  source TEXT, target TEXT, effective TEXT, PRIMARY KEY (source, target, effective)
) WITHOUT ROWID;
CREATE TABLE lexicon_row (id INTEGER PRIMARY KEY, lexicon TEXT, ordinal INTEGER, data TEXT);
CREATE TABLE lexicon_source (lexicon TEXT, id TEXT, data TEXT, PRIMARY KEY (lexicon, id)) WITHOUT ROWID;
CREATE TABLE lexicon_span (
  edition INTEGER, row INTEGER, side TEXT, start INTEGER, stop INTEGER
);
CREATE TABLE citation (
  document TEXT, section TEXT, edition TEXT, starts TEXT, ends TEXT, authority TEXT, title TEXT, page INTEGER,
  text TEXT, PRIMARY KEY (document, section, edition)
) WITHOUT ROWID;
"""

INDEXES = """
CREATE INDEX node_code ON node (code, edition, kind);
CREATE INDEX node_parent ON node (edition, parent);
CREATE INDEX note_holder ON note (edition, holder);
CREATE INDEX reference_note ON note_reference (reference);
CREATE INDEX reference_edition ON reference (edition);
CREATE INDEX moved_note ON moved (edition, note);
CREATE INDEX conversion_target ON conversion (target);
CREATE INDEX lexicon_span_row ON lexicon_span (edition, row, side);
CREATE INDEX lexicon_name ON lexicon_row (lexicon);
"""
