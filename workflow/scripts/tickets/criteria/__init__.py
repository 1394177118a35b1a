"""What prunable weights are scored by: a criterion a file, found by looking into this folder."""
