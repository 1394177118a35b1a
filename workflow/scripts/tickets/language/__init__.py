"""The embedded study's artificial language."""
