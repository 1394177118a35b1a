"""Criteria: functions that score prunable weights. Each file in this folder declares one."""
