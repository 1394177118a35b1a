"""Ways of finding a mask: scores in, mask out."""
