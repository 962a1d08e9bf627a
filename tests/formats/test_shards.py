from synhead_tools.formats import shard_reader, shard_writer, shards


def test_one_module_offers_both_sides():
    assert shards.write_shard is shard_writer.write_shard
    assert shards.ShardReader is shard_reader.ShardReader
    assert shards.COMPRESSIONS is shard_writer.COMPRESSIONS
