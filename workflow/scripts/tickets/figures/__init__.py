"""The paper's figures, from its tables."""
