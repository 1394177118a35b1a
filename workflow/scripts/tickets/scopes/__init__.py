"""Scopes: which scores are compared, and how many weights are pruned. Each file declares one."""
