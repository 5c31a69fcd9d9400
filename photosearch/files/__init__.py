"""Files on disk: photos, sidecars, rules and drives; no database, no pixels."""
