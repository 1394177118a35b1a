"""The study as one page for a reader: figures to point at, tables, and what became of the claims."""
