"""Shards: HDF5 files of equally long columns. Written once, whole; read without trusting them."""

from synhead_tools.formats.shard_reader import ShardReader
from synhead_tools.formats.shard_writer import COMPRESSIONS, ShardWriter, write_shard

__all__ = ["COMPRESSIONS", "ShardReader", "ShardWriter", "write_shard"]
