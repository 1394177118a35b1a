"""What only the tables of studies of earlier versions need, which the audit makes again."""
