"""The audit: whether the files of a study are what their statements say, a module a question."""
