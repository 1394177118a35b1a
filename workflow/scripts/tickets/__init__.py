"""Lottery tickets in pre-trained BERT: masks, pruning, rewinding, transfer and their provenance."""
