"""A photo file as pixels and metadata; no database, no model."""
