"""Where data sets and models come from, and what becomes of text: token ids."""
