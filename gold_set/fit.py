"""From an index and a gold file to fitted beliefs: what `semdrive gold fit` and `gold benchmark` run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations
from pathlib import Path

import numpy as np

from gold_set.agreement import cohen_kappa
from gold_set.benchmark import Benchmark, differences, measure, point_checks
from gold_set.cross import cross_validate
from gold_set.evidence import Evidence, Floats, evidence_of
from gold_set.fitting import (
    REGULARISATION,
    SHIFTS,
    Labelled,
    LogisticModel,
    Model,
    as_fit,
    fit_model,
    labelled,
    transfer_threshold,
    with_risk,
)
from gold_set.labels import GoldLine, read_gold
from gold_set.methods import (
    Method,
    constant_guess,
    constant_held_out,
    of_beliefs,
    of_detector,
    of_fit,
    of_held_out,
    of_scouts,
)
from scenario.errors import InputError
from scenario.records import Facts, Scenario, ScoutReport
from scenario.vocabulary import Tag
from verifier.fitted import BeliefFit, FitProvenance, token_digest

NO_INTERVAL = (-10.0, 10.0)
FEW_RISKS = 20
UNWEIGHTED = "labels count alike here; for what they say of the whole log: semdrive gold estimate"
CIRCULAR = "circular where the gold set was made from it"


def fit_beliefs(
    corpus: Sequence[Scenario],
    gold_file: Path,
    *,
    scouts: Sequence[str] | None = None,
    prevalence: Mapping[Tag, float] | None = None,
    seed: int = 0,
) -> BeliefFit:
    """Fits to every labelled frame that the corpus holds. Raises `InputError` where none is, `LineUnreadable`."""
    gold_lines = read_gold(gold_file)
    evidence = evidence_of(corpus, scouts)
    gold = _labelled(gold_lines, evidence, gold_file)
    model = fit_model(evidence, gold)
    if prevalence:
        model = with_risk(evidence, gold, shifted(model, evidence, prevalence))
    weighted = any(line.inclusion_probability is not None for line in gold_lines)
    representative = [*Tag] if weighted else [*(prevalence or {})]
    provenance = FitProvenance(
        gold=gold_file.name,
        gold_digest=_digest(gold_file),
        frames=len(gold.rows),
        missing=len(gold.missing),
        weighted=weighted,
        regularisation=REGULARISATION,
        prevalence={str(tag): share for tag, share in (prevalence or {}).items()},
        seen=tuple(token_digest(evidence.tokens[row]) for row in gold.rows),
    )
    thresholds = _thresholds(evidence, model, representative)
    return as_fit(evidence, gold, model, thresholds, _risk_interval(evidence, gold, seed), provenance)


def _thresholds(evidence: Evidence, model: Model, representative: Sequence[Tag]) -> dict[Tag, float]:
    """Of the fitted tags: for those whose frequency is known (weighted labels, or a prevalence) one that takes beliefs
    at their word, for the others one that holds where the tag is rarer than among the labels."""
    everything = model.probabilities(evidence, np.arange(len(evidence.tokens)))
    fitted = [tag for tag in Tag if model.tags[tag] is not None]
    found: dict[Tag, float] = {}
    for tags, shifts in (
        ([tag for tag in fitted if tag in representative], (1.0,)),
        ([tag for tag in fitted if tag not in representative], SHIFTS),
    ):
        if tags:
            threshold = transfer_threshold(everything[:, [[*Tag].index(tag) for tag in tags]], shifts)
            found.update(dict.fromkeys(tags, threshold))
    return found


def _digest(gold_file: Path) -> str:
    return blake2b(gold_file.read_bytes(), digest_size=16).hexdigest()


def _labelled(gold_lines: Sequence[GoldLine], evidence: Evidence, gold_file: Path) -> Labelled:
    if not gold_lines:
        raise InputError(f"{str(gold_file)!r} holds no gold frame")
    gold = labelled(gold_lines, evidence)
    if not len(gold.rows):
        raise InputError(
            f"none of the {len(gold_lines)} frames of {str(gold_file)!r} is in this index; is it the right --index?"
        )
    return gold


def _risk_interval(evidence: Evidence, gold: Labelled, seed: int) -> tuple[float, float]:
    """The middle 90 % of held-out errors, truth minus belief; everything, where there are too few to tell."""
    errors = gold.risk - cross_validate(evidence, gold, seed=seed).risk
    kept = errors[np.isfinite(errors)]
    if len(kept) < FEW_RISKS:
        return NO_INTERVAL
    return float(np.quantile(kept, 0.05)), float(np.quantile(kept, 0.95))


def shifted(model: Model, evidence: Evidence, prevalence: Mapping[Tag, float]) -> dict[Tag, LogisticModel | None]:
    """The tags' models, intercepts moved so that the mean belief over the corpus is what the user knows it to be."""
    tags = dict(model.tags)
    for tag, share in prevalence.items():
        found = tags[tag]
        if found is None:
            raise InputError(f"--prevalence {tag}: this tag keeps its default belief, which has no intercept to shift")
        low, high = found.intercept - 20, found.intercept + 20
        for _ in range(60):  # the mean grows with the intercept, so halving finds it
            middle = (low + high) / 2
            mean = LogisticModel(middle, found.weights).probabilities(evidence.features[tag]).mean()
            low, high = (middle, high) if mean < share else (low, middle)
        tags[tag] = LogisticModel((low + high) / 2, found.weights)
    return tags


@dataclass(frozen=True)
class Measured:
    """A benchmark, and the methods and gold lines it was made from, for the plots of its report."""

    benchmark: Benchmark
    methods: tuple[Method, ...]
    gold: tuple[GoldLine, ...]


def benchmark_index(
    corpus: Sequence[Scenario],
    gold_file: Path,
    *,
    cross: bool = False,
    fit: BeliefFit | None = None,
    more: Sequence[Method] = (),
    third: Mapping[str, Mapping[str, Facts]] | None = None,
    seed: int = 0,
    notes: Sequence[str] = (),
) -> Measured:
    """Everything that can be said about an index's gold frames. Gold frames it lacks are counted and named.

    `third`: further scouts, name → token → facts, for a second cross-validated row.
    """
    gold_lines = read_gold(gold_file)
    evidence = evidence_of(corpus)
    gold = _labelled(gold_lines, evidence, gold_file)
    here = [line for line in gold_lines if line.token not in set(gold.missing)]
    held_out = cross_validate(evidence, gold, seed=seed) if cross else None
    methods = [*of_scouts(corpus), of_detector(corpus), of_beliefs(corpus), *more]
    methods.append(constant_held_out(evidence, gold, held_out) if held_out else constant_guess(here))
    ours = [of_fit(fit, corpus, _overlap(fit, here))] if fit else []
    if held_out:
        ours.append(of_held_out(evidence, gold, held_out))
    methods += ours
    if cross and third:
        methods.append(_with_third_scout(corpus, gold_lines, third, seed))
    benchmark = Benchmark(
        gold=gold_file.name,
        frames=len(here),
        missing=gold.missing,
        methods=tuple(measure(method, here) for method in methods),
        differences=tuple(differences(methods, here, seed)),
        points=tuple(check for method in ours for check in point_checks(method, of_scouts(corpus), here, seed)),
        kappas=scout_kappas(of_scouts(corpus)),
        seed=seed,
        notes=(*notes, *([UNWEIGHTED] if any(line.inclusion_probability for line in here) else [])),
    )
    return Measured(benchmark, tuple(methods), tuple(here))


def _overlap(fit: BeliefFit, gold: Sequence[GoldLine]) -> tuple[str, ...]:
    """Whether the fit was made from some of these very frames."""
    seen = sum(token_digest(line.token) in fit.provenance.seen for line in gold)
    return (f"fitted on {seen} of these {len(gold)} frames: no test of them",) if seen else ()


def _with_third_scout(
    corpus: Sequence[Scenario],
    gold_lines: Sequence[GoldLine],
    third: Mapping[str, Mapping[str, Facts]],
    seed: int,
) -> Method:
    """Beliefs cross-validated with more scouts. Where one of them helped to make the gold set, this flatters itself."""
    taken = {report.scout for scenario in corpus for report in scenario.reports} & set(third)
    empty = [name for name, facts in third.items() if not any(s.frame.token in facts for s in corpus)]
    if taken or empty:
        why = (
            f"{min(taken)} is a scout of the index already" if taken else f"{empty[0]} reports on no frame of the index"
        )
        raise InputError(f"a further scout needs a name and frames of its own: {why}")
    heard = [
        scenario.model_copy(
            update={
                "reports": (
                    *scenario.reports,
                    *(
                        ScoutReport(scout=name, facts=facts[scenario.frame.token])
                        for name, facts in third.items()
                        if scenario.frame.token in facts
                    ),
                )
            }
        )
        for scenario in corpus
    ]
    evidence = evidence_of(heard)
    gold = labelled(gold_lines, evidence)
    name = f"with {', '.join(third)} as a scout, cross-validated"
    held_out = cross_validate(evidence, gold, seed=seed)
    return of_held_out(evidence, gold, held_out, name, notes=(CIRCULAR,))


def scout_kappas(scouts: Sequence[Method]) -> dict[str, dict[Tag, float | None]]:
    """Cohen's kappa of every pair of scouts, per tag, over all frames of the index that both answered."""
    found = {}
    for first, second in combinations(scouts, 2):
        one, other = first.said or {}, second.said or {}
        shared = [token for token in one if token in other]
        found[f"{first.name} and {second.name}"] = {
            tag: cohen_kappa([tag in one[t] for t in shared], [tag in other[t] for t in shared]) for tag in Tag
        }
    return found


def reliability(truth: Floats, probabilities: Floats, bins: int = 10) -> list[tuple[float, float, int]]:
    """For each bin that holds frames: mean belief, share that is true, how many."""
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    return [
        (float(probabilities[place == b].mean()), float(truth[place == b].mean()), int((place == b).sum()))
        for b in range(bins)
        if (place == b).any()
    ]
