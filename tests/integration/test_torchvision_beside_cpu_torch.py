"""PyPI's torchvision beside a CPU build of torch: what imports it must not fall over."""

import subprocess
import sys

import torch

from scenario.torchvision_shim import ensure_torchvision, suppressed


def run(program):
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=False)


def test_texts_can_be_embedded_where_torchvision_is_installed():
    done = run("from search.embedding import SentenceEmbedder as E; print(E().embed(['a person in the road']).shape)")
    assert done.stdout.split("\n")[-2:] == ["(1, 384)", ""], done.stderr


def test_torchvision_can_be_imported_and_suppresses_duplicates():
    done = run(
        "from scenario.torchvision_shim import ensure_torchvision; ensure_torchvision(); import torch, torchvision\n"
        "boxes = torch.tensor([[0, 0, 10, 10.], [1, 0, 10, 10], [20, 20, 30, 30]])\n"
        "print(torchvision.ops.nms(boxes, torch.tensor([.5, .9, .1]), .5).tolist())"
    )
    assert done.stdout == "[1, 2]\n", done.stderr


def test_asking_twice_says_the_same():
    assert ensure_torchvision() == ensure_torchvision()


def test_of_boxes_that_overlap_only_the_best_is_kept():
    torch.manual_seed(0)
    corners = torch.rand(200, 2) * 80
    boxes = torch.cat([corners, corners + 5 + torch.rand(200, 2) * 30], dim=1)
    kept = suppressed(boxes, torch.rand(200), 0.4).tolist()
    overlaps = _iou(boxes[kept], boxes[kept]) - torch.eye(len(kept))
    assert 0 < len(kept) < 200
    assert overlaps.max() <= 0.4
    assert (_iou(boxes, boxes[kept]).max(dim=1).values > 0.4).all()  # whatever was dropped overlaps one that was kept


def test_kept_boxes_come_best_first_and_ties_in_their_order():
    boxes = torch.tensor([[0.0, 0, 1, 1], [5, 5, 6, 6], [9, 9, 10, 10]])
    assert suppressed(boxes, torch.tensor([0.1, 0.9, 0.9]), 0.5).tolist() == [1, 2, 0]


def test_no_boxes_are_no_boxes():
    assert suppressed(torch.zeros((0, 4)), torch.zeros(0), 0.5).tolist() == []


def _iou(one, other):
    low = torch.maximum(one[:, None, :2], other[None, :, :2])
    high = torch.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = (high - low).clamp(min=0).prod(dim=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(dim=1) for boxes in (one, other)]
    return shared / (areas[0][:, None] + areas[1][None] - shared)
