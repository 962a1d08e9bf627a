"""Streams of random numbers: one for each thing that is drawn about a sample, so that none changes another."""

from __future__ import annotations

import zlib

import numpy as np

_FIRST = {"place": 0, "light": 1, "background": 2, "expression": 3}


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the generator of one use of randomness in one sample.

    Parameters
    ----------
    seed : int
        The sample's, as its column ``seed`` has it.
    name : str
        What is drawn: ``place``, ``light``, ``background``, ``expression``, a look's name, or ``noise``.

    Returns
    -------
    numpy.random.Generator
        A function of both alone: what is drawn from another stream, and how much, changes nothing here.
    """
    key = _FIRST.get(name, zlib.crc32(name.encode()))
    return np.random.default_rng(np.random.SeedSequence(int(seed), spawn_key=(key,)))
