"""Choosing and turning the frames nearest to a real dataset's poses."""
