"""What a study is, before anything runs: its configuration, DAG, counts and costs."""
