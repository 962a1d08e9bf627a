"""What lies on disk: the sample schema, shards, manifests, label files and readers of foreign datasets."""
