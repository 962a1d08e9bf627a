"""Label files of any kind as tables, read and written a block at a time, whatever their length."""
