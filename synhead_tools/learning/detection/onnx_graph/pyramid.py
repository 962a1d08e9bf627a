"""The feature pyramid and the context modules."""

from __future__ import annotations

from collections.abc import Sequence

from synhead_tools.learning.detection.context import ContextModule
from synhead_tools.learning.detection.fpn import FeaturePyramid
from synhead_tools.learning.detection.onnx_graph.builder import GraphBuilder
from synhead_tools.learning.detection.onnx_graph.layers import add_layers


def add_pyramid(graph: GraphBuilder, fpn: FeaturePyramid, stages: Sequence[str]) -> list[str]:
    """As `FeaturePyramid.forward`; every stage is exactly half of the finer one."""
    lateral = [add_layers(graph, [layer], stage) for layer, stage in zip(fpn.lateral, stages, strict=True)]
    levels, above = [lateral[-1]], lateral[-1]
    for number in reversed(range(len(fpn.merge))):
        summed = graph.add("Add", lateral[number], _enlarged(graph, above))
        levels.insert(0, add_layers(graph, [fpn.merge[number]], summed))
        above = summed if fpn.top_down == "merged" else lateral[number]
    return [*levels, add_layers(graph, [fpn.coarsest], stages[-1])]


def add_context(graph: GraphBuilder, context: ContextModule, x: str) -> str:
    """As `ContextModule.forward`."""
    shared = add_layers(graph, [context.shared], x)
    branches = [add_layers(graph, [layer], of) for layer, of in
                ((context.near, x), (context.middle, shared), (context.far, shared))]  # fmt: skip
    return add_layers(graph, [context.relu, context.after], graph.add("Concat", *branches, axis=1))


def _enlarged(graph: GraphBuilder, coarse: str) -> str:
    scales = graph.constant([1.0, 1.0, 2.0, 2.0])
    return graph.add(
        "Resize", coarse, "", scales, mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"
    )
