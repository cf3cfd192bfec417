"""Opens files of rows: one reader for each format."""
