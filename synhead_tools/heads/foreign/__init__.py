"""Heads of foreign origin: mesh files of others, read without trusting them, in the head frame."""
