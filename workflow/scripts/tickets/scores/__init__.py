"""Scores of predictions, and their bootstrap over examples."""
