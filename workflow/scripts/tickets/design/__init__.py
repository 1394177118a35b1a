"""A study before anything runs: its configuration, DAG, counts and costs."""
