"""What a user sees while a study runs."""
