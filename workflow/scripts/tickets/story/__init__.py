"""The study as one page: figures to point at, tables, and what became of the claims."""
