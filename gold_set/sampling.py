"""Which frames to label, and what their labels say of the whole corpus.

Every frame has a chance above zero, and that chance is stored with it, so an estimate can weigh it (Horvitz and
Thompson, 1952). Drawing depends on tokens, beliefs and the seed alone.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gold_set.evidence import Floats
from gold_set.intervals import Z95, Interval, part_of_whole, total_interval, wilson
from scenario.curation import Sample, SampledFrame
from scenario.errors import InputError
from scenario.records import Record
from scenario.vocabulary import Tag

Ints = npt.NDArray[np.int64]
EDGES = (0.1, 0.3, 0.5, 0.7, 0.9)  # of the belief, between strata
UNIFORM_SHARE = 0.25  # of an active sample is drawn without regard to beliefs: no frame is beyond reach


@dataclass(frozen=True)
class Population:
    """Tokens in their own order, and beliefs (n, tags)."""

    tokens: tuple[str, ...]
    beliefs: Floats

    @classmethod
    def of(cls, by_token: Mapping[str, Sequence[float]]) -> "Population":
        tokens = tuple(sorted(by_token))
        return cls(tokens, np.array([by_token[token] for token in tokens], dtype=float))

    def columns(self, tag: Tag | None) -> Floats:
        """(n, 1) the beliefs in one tag, or (n, tags) in all."""
        return self.beliefs if tag is None else self.beliefs[:, [[*Tag].index(tag)]]


def draw(population: Population, method: str, size: int, *, name: str, seed: int = 0, tag: Tag | None = None) -> Sample:
    """A sample of `size` frames. Raises `InputError` for a size or a method that cannot be."""
    methods = {"simple": _simple, "stratified": _stratified, "active": _active}
    if method not in methods:
        raise InputError(f"no sampling method named {method!r}. Known: {', '.join(methods)}")
    if not 1 <= size <= len(population.tokens):
        raise InputError(f"--size is {size}; this index has {len(population.tokens):,} frames to draw from")
    dice = np.random.default_rng(seed)
    rows, chances, strata = methods[method](population, size, dice, tag)
    order = dice.permutation(len(rows))  # the place in the sample must not tell the stratum
    frames = tuple(
        SampledFrame(token=population.tokens[rows[k]], inclusion_probability=float(chances[k]), stratum=strata[k])
        for k in order
    )
    return Sample.model_validate(
        {
            "name": name,
            "method": method,
            "seed": seed,
            "population": len(population.tokens),
            "tag": tag,
            "frames": frames,
        }
    )


Drawn = tuple[Ints, Floats, list[str]]


def _simple(population: Population, size: int, dice: np.random.Generator, _: Tag | None) -> Drawn:
    count = len(population.tokens)
    return dice.choice(count, size, replace=False), np.full(size, size / count), ["all"] * size


def _stratified(population: Population, size: int, dice: np.random.Generator, tag: Tag | None) -> Drawn:
    """Strata by the belief in the tag (or the highest of all tags), as equal in number as their sizes allow."""
    strata = np.searchsorted(EDGES, population.columns(tag).max(axis=1), side="right")
    kinds, counts = np.unique(strata, return_counts=True)
    if size < len(kinds):
        raise InputError(f"--size is {size}; there are {len(kinds)} strata of belief, and each needs a frame")
    rows, chances, names = [], [], []
    for kind, count, share in zip(kinds, counts, _allocated(counts, size), strict=True):
        rows.append(dice.choice(np.flatnonzero(strata == kind), share, replace=False))
        chances.append(np.full(share, share / count))
        names += [_stratum_name(int(kind))] * share
    return np.concatenate(rows), np.concatenate(chances), names


def _stratum_name(kind: int) -> str:
    low, high = (0.0, *EDGES)[kind], (*EDGES, 1.0)[kind]
    return f"belief {low:.1f}-{high:.1f}"


def _allocated(counts: Ints, size: int) -> list[int]:
    """Equal shares; what a small stratum cannot take goes to the others."""
    shares = np.zeros(len(counts), dtype=np.int64)
    while shares.sum() < size:
        open_ = np.flatnonzero(shares < counts)
        shares[open_[np.argmin(shares[open_])]] += 1
    return [int(share) for share in shares]


def _active(population: Population, size: int, dice: np.random.Generator, tag: Tag | None) -> Drawn:
    """Chances that grow with Σ p (1 - p): where a label would tell most. Randomised systematic sampling (Madow, 1949;
    Hartley and Rao, 1962), whose chances are exact."""
    beliefs = population.columns(tag)
    doubt = (beliefs * (1 - beliefs)).sum(axis=1)
    doubt = doubt / doubt.mean() if doubt.any() else np.ones(len(doubt))
    chances = inclusion_probabilities(UNIFORM_SHARE + (1 - UNIFORM_SHARE) * doubt, size)
    order = dice.permutation(len(chances))
    ends = np.cumsum(chances[order])
    ticks = np.arange(size) + dice.uniform()
    places = np.minimum(np.searchsorted(ends, ticks, side="right"), len(order) - 1)
    rows = order[np.unique(places)]
    return rows, chances[rows], ["all"] * len(rows)


def inclusion_probabilities(sizes: Floats, count: int) -> Floats:
    """(n,) proportional to `sizes`, summing to `count`, none above 1: what would be above is certain."""
    certain = np.zeros(len(sizes), dtype=bool)
    while True:
        rest = ~certain
        share = (count - certain.sum()) * sizes / sizes[rest].sum() if rest.any() else np.ones(len(sizes))
        above = rest & (share >= 1)
        if not above.any():
            return np.where(certain, 1.0, share)
        certain |= above


def check_drawn(sample: Sample) -> None:
    """Raises `InputError` for a sample that was picked: it stands for nothing but itself."""
    if sample.method == "picked":
        raise InputError(
            f"sample {sample.name!r} was picked by hand, so nobody knows how likely its frames were to be in it, and"
            " its labels tell nothing of the whole log; draw a sample for that: semdrive gold sample"
        )


class Estimate(Record):
    """A number about the corpus, with a 95 % interval; None where the sample cannot tell."""

    value: float | None
    low: float | None
    high: float | None
    labelled: int


@dataclass(frozen=True)
class Weighing:
    """Labelled frames: chances (m,), strata (m,), and the size of the population. Frames of a stratum that were drawn
    and not labelled are taken to be like those that were."""

    chances: Floats
    strata: tuple[str, ...]
    population: int
    silent: bool = False  # a stratum was drawn from and has no label at all: nothing can stand for its frames

    @classmethod
    def of(cls, sample: Sample, tokens: Sequence[str]) -> "Weighing":
        """Of the labelled `tokens`, in their order; each is in the sample. Raises `InputError` for a picked one."""
        check_drawn(sample)
        frames = {frame.token: frame for frame in sample.frames}
        drawn = Counter(frame.stratum for frame in sample.frames)
        answered = Counter(frames[token].stratum for token in tokens)
        strata = tuple(frames[token].stratum for token in tokens)
        rates = np.array([answered[stratum] / drawn[stratum] for stratum in strata])
        chances = np.array([frames[token].inclusion_probability for token in tokens], dtype=float)
        return cls(chances * rates, strata, sample.population, silent=drawn.keys() != answered.keys())

    def total(self, values: Floats) -> float:
        """Σ y / π (Horvitz and Thompson, 1952)."""
        return float((values / self.chances).sum())

    def variance(self, values: Floats) -> float | None:
        """Of the total; None where a stratum that is not known whole has one frame."""
        parts = self.variances(values)
        return None if None in parts.values() else float(sum(part for part in parts.values() if part))

    def variances(self, values: Floats) -> dict[str, float | None]:
        """Of each stratum's total, by Hájek's approximation (1964; Tillé, 2006, § 7.5); for equal chances it is the
        textbook N² (1 - n/N) s² / n."""
        found = {}
        for stratum in dict.fromkeys(self.strata):
            here = np.array([name == stratum for name in self.strata])
            found[stratum] = _variance(self.chances[here], values[here])
        return found

    def interval(self, holds: Floats) -> Interval:
        """Of the total of what holds (1) or not (0)."""
        variances = {stratum: part or 0.0 for stratum, part in self.variances(holds).items()}
        return total_interval(self.chances, self.strata, holds, variances)


def _variance(chances: Floats, values: Floats) -> float | None:
    if (chances >= 1 - 1e-12).all():
        return 0.0
    count = len(chances)
    if count < 2:
        return None
    parts, spread = (1 - chances) * count / (count - 1), values / chances
    middle = (parts @ spread) / parts.sum()
    return float(parts @ (spread - middle) ** 2)


def share(weighing: Weighing, truth: Floats) -> Estimate:
    """How often something holds in the corpus, Σ (y / π) / N."""
    if not len(truth) or weighing.silent:
        return Estimate(value=None, low=None, high=None, labelled=len(truth))
    found, frames = weighing.interval(truth), weighing.population
    value, low, high = (min(1.0, total / frames) for total in (found.value, found.low, found.high))
    return Estimate(value=value, low=low, high=high, labelled=len(truth))


def ratio(weighing: Weighing, part: Floats, whole: Floats, *, hidden: bool = False) -> Estimate:
    """Σ (part / π) / Σ (whole / π), as a precision or a recall is, `part` and `whole` being 0 or 1.

    Wilson's interval at the variance of the linearised ratio (Särndal, Swensson and Wretman, 1992, § 5.6). `hidden`:
    the whole may be where the sample shows none of it, as what is true may and what an index says cannot; then the
    interval also holds the one from part and rest by strata.
    """
    total, labelled = weighing.total(whole), int((whole > 0).sum())
    if total <= 0 or weighing.silent:
        return Estimate(value=None, low=None, high=None, labelled=labelled)
    value = weighing.total(part) / total
    if (weighing.chances >= 1 - 1e-12).all():
        return Estimate(value=value, low=value, high=value, labelled=labelled)
    variance = weighing.variance((part - value * whole) / total)
    if variance is None:
        return Estimate(value=value, low=None, high=None, labelled=labelled)
    count = min(float(labelled), value * (1 - value) / variance) if variance > 0 and 0 < value < 1 else float(labelled)
    low, high = wilson(value, count)
    if hidden:
        wide = part_of_whole(weighing.interval(part), weighing.interval(whole - part))
        low, high = min(low, wide[0]), max(high, wide[1])
    return Estimate(value=value, low=low, high=high, labelled=labelled)


def mean(weighing: Weighing, values: Floats) -> Estimate:
    """The mean over the corpus, Σ (y / π) / N, with a normal interval."""
    if not len(values) or weighing.silent:
        return Estimate(value=None, low=None, high=None, labelled=len(values))
    value, variance = weighing.total(values) / weighing.population, weighing.variance(values)
    if variance is None:
        return Estimate(value=value, low=None, high=None, labelled=len(values))
    half = Z95 * float(np.sqrt(variance)) / weighing.population
    return Estimate(value=value, low=value - half, high=value + half, labelled=len(values))
