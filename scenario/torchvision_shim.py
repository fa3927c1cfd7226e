"""Makes torchvision importable where a CUDA build of it stands beside a CPU build of torch.

PyPI's torchvision is linked against CUDA. Beside a CPU-only torch its compiled part does not load, so the operators
that it should define do not exist, and `import torchvision` dies with "operator torchvision::nms does not exist",
taking transformers, sentence-transformers and ultralytics down with it. Defining the operators that the import looks
for is enough: neither text embedding nor box detection needs any other compiled part of torchvision.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch

PACKAGE = "torchvision"
SYMPTOM = f"operator {PACKAGE}::nms does not exist"
# The operators whose shapes torchvision describes at its import, whether its compiled part is there or not.
LOOKED_FOR = ("nms", "qnms")

_libraries: list["torch.library.Library"] = []  # an operator lives only as long as the library that defined it


def ensure_torchvision() -> Literal["absent", "native", "patched"]:
    """Call before anything that imports torchvision. Says how it is now; does nothing where it works or is not there.

    A torchvision that fails for another reason raises what it raises.
    """
    if _libraries:
        return "patched"
    if find_spec(PACKAGE) is None:
        return "absent"
    try:
        import_module(PACKAGE)
    except RuntimeError as error:
        if SYMPTOM not in str(error):
            raise
    else:
        return "native"
    _patch()
    return "patched"


def _patch() -> None:
    import torch

    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]  # what the failed import left behind
    library: Any = torch.library.Library(PACKAGE, "DEF")  # type: ignore[no-untyped-call]
    for operator in LOOKED_FOR:
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.impl("nms", suppressed, "CPU")
    _libraries.append(library)
    extension: Any = import_module(f"{PACKAGE}.extension")
    extension._has_ops = lambda: True  # its own `ops.nms` asks before it calls the operator


def suppressed(boxes: "torch.Tensor", scores: "torch.Tensor", iou_threshold: float) -> "torch.Tensor":
    """The places (k,) of the boxes (n, 4) that no better one overlaps by more than the threshold, best first."""
    import torch

    order = scores.argsort(descending=True, stable=True)
    ordered = boxes[order]
    areas = (ordered[:, 2] - ordered[:, 0]) * (ordered[:, 3] - ordered[:, 1])
    alive = torch.ones(len(ordered), dtype=torch.bool)
    kept: list[int] = []
    for place in range(len(ordered)):
        if not alive[place]:
            continue
        kept.append(place)
        corner = torch.maximum(ordered[place, :2], ordered[place + 1 :, :2])
        opposite = torch.minimum(ordered[place, 2:], ordered[place + 1 :, 2:])
        sides = (opposite - corner).clamp(min=0)
        shared = sides[:, 0] * sides[:, 1]
        alive[place + 1 :] &= shared <= iou_threshold * (areas[place] + areas[place + 1 :] - shared)
    return order[torch.tensor(kept, dtype=torch.long)]
