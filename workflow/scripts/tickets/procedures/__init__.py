"""Procedures: which weights are scored, and when. Each file in this folder declares one."""
