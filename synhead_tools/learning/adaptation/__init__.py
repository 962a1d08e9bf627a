"""Adaptation methods: what stage 2 of a training run does with unlabelled target pictures.

To add one: a class that keeps the protocol of `adaptation.method.AdaptationMethod`, and one line here.
"""

from synhead_tools.registry import Table

METHODS = Table(
    "adaptation method",
    {
        "source-only": "synhead_tools.learning.adaptation.source_only:SourceOnly",
        "dann": "synhead_tools.learning.adaptation.dann:Dann",
        "pada": "synhead_tools.learning.adaptation.pada:Pada",
        "oracle": "synhead_tools.learning.adaptation.oracle:Oracle",
        "padaco": "synhead_tools.learning.adaptation.padaco:Padaco",
        "dare-gram": "synhead_tools.learning.adaptation.dare_gram:DareGram",
        "relative-pose": "synhead_tools.learning.adaptation.relative_pose:RelativePose",
        "fourier": "synhead_tools.learning.adaptation.fourier:Fourier",
    },
)
