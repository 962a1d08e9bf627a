"""Runs that write a dataset shard by shard: in several processes, resumable, with the same bytes in the end."""
