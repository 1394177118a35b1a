"""The report's page on a study: charts to point at, tables, and the verdicts on the claims."""
