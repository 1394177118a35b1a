"""Locating data sets and models, and encoding text as token ids."""
