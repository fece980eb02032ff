"""The run: plays and batches, tasks on hosts, results."""
