"""Which scores are compared, and how many weights go: a scope a file, found by looking."""
