"""The parameters of each rule that writes a statement, one file a rule; light to import."""
