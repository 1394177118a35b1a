"""The paper's tables and claims, from scores and masks."""
