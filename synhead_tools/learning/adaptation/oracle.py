"""The oracle: supervised training on the target, a ceiling for adaptation and no adaptation itself."""

from __future__ import annotations

from synhead_tools.learning.adaptation.source_only import SourceOnly


class Oracle(SourceOnly):
    """Stage 2 is regression on the labelled target; the only method that takes target labels.

    Its record, and with it the protocol of every score, says that target labels were used.
    """

    uses_target = True
    uses_target_labels = True
