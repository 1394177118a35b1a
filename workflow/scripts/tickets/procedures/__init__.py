"""From which weights scores are taken, and when: a procedure a file, found by looking."""
