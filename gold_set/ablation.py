"""What each part of the evidence is worth: fitted without it, on the same folds."""

from collections.abc import Sequence
from pathlib import Path

from gold_set.benchmark import Benchmark, differences, measure
from gold_set.cross import cross_validate
from gold_set.evidence import Evidence, evidence_of
from gold_set.fitting import labelled
from gold_set.labels import read_gold
from gold_set.methods import of_held_out
from scenario.errors import InputError, unknown
from scenario.records import Scenario
from verifier.evidence_features import COUNT, DETECTED, LARGE, REWARD

PARTS = {"grounding": (DETECTED, LARGE, COUNT), "reward": (REWARD,)}


def parts_of(evidence: Evidence) -> dict[str, frozenset[str]]:
    """What may be left out, and the features that go with it. Default beliefs of unfitted tags stay as they are."""
    scouts = {f"scout:{name}": frozenset({f"vote:{name}", f"implied:{name}"}) for name in evidence.scouts}
    return {**scouts, **{name: frozenset(features) for name, features in PARTS.items()}}


def ablate(corpus: Sequence[Scenario], gold_file: Path, without: Sequence[str] | None, *, seed: int) -> Benchmark:
    """The whole evidence beside it without each of `without`. Raises `InputError` for a part that does not exist."""
    gold_lines, evidence = read_gold(gold_file), evidence_of(corpus)
    known = parts_of(evidence)
    for name in without or ():
        if name not in known:
            raise InputError(f"--without {name}: {unknown('part', name, known)}")
    gold = labelled(gold_lines, evidence)
    if not len(gold.rows):
        raise InputError(f"none of the {len(gold_lines)} frames of {str(gold_file)!r} is in this index")
    here = [line for line in gold_lines if line.token not in set(gold.missing)]
    whole = of_held_out(evidence, gold, cross_validate(evidence, gold, seed=seed), "everything")
    less = [
        of_held_out(evidence, gold, cross_validate(evidence, gold, seed=seed, left_out=known[name]), f"without {name}")
        for name in without or known
    ]
    pairs = [difference for method in less for difference in differences([method, whole], here, seed)]
    return Benchmark(
        gold=gold_file.name,
        frames=len(here),
        missing=gold.missing,
        weighted=False,
        methods=tuple(measure(method, here) for method in (whole, *less)),
        differences=tuple(pairs),
        points=(),
        seed=seed,
        notes=("risk without a scout still reads the mean risk of both",),
    )
