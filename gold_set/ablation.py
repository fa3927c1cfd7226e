"""What each part of the evidence is worth: fitted without it, on the same folds."""

from collections.abc import Sequence
from pathlib import Path

from gold_set.benchmark import Benchmark, differences, measure
from gold_set.cross import cross_validate
from gold_set.evidence import Evidence, evidence_of
from gold_set.fitting import Labelled, labelled
from gold_set.labels import GoldLine, read_gold
from gold_set.methods import Method, of_facts, of_held_out
from gold_set.paper_reward import paper_score
from scenario.errors import InputError, unknown
from scenario.records import Facts, Grounding, Reward, Scenario
from verifier.evidence_features import Rewarding
from verifier.reward import score

NO_REWARD = Reward()


def parts_of(corpus: Sequence[Scenario]) -> tuple[str, ...]:
    """What may be left out."""
    scouts = dict.fromkeys(f"scout:{report.scout}" for scenario in corpus for report in scenario.reports)
    return (*scouts, "grounding", "reward")


def evidence_without(part: str, corpus: Sequence[Scenario]) -> Evidence:
    """The evidence as it would be had that part never been there: in every feature, and in the default beliefs."""
    if part == "reward":
        return evidence_of(corpus, rewarding=lambda facts, grounding: NO_REWARD)
    if part == "grounding":
        blank = Grounding(backend="none", fingerprint="none")
        return evidence_of([scenario.model_copy(update={"grounding": blank}) for scenario in corpus])
    scouts = [name for name in parts_of(corpus) if name.startswith("scout:") and name != part]
    return evidence_of(corpus, [name.removeprefix("scout:") for name in scouts])


def ablate(corpus: Sequence[Scenario], gold_file: Path, without: Sequence[str] | None, *, seed: int) -> Benchmark:
    """The whole evidence beside it without each of `without`. Raises `InputError` for a part that does not exist."""
    known = parts_of(corpus)
    for name in without or ():
        if name not in known:
            raise InputError(f"--without {name}: {unknown('part', name, known)}")
    evidence = evidence_of(corpus)
    lines, gold = _gold(gold_file, evidence)
    methods = [of_held_out(evidence, gold, cross_validate(evidence, gold, seed=seed), "everything")]
    for name in without or known:
        less = evidence_without(name, corpus)
        held_out = cross_validate(less, gold, seed=seed)
        methods.append(of_held_out(less, gold, held_out, f"without {name}"))
    return _compared(gold_file, lines, gold, methods, seed)


def compare_rewards(corpus: Sequence[Scenario], gold_file: Path, *, seed: int) -> Benchmark:
    """Our reward and the paper's: as the judge that picks one scout's report, and as evidence in a fit."""
    rewards: dict[str, Rewarding] = {"ours": score, "the paper's": paper_score}
    evidence = evidence_of(corpus)
    lines, gold = _gold(gold_file, evidence)
    picked = [of_facts(f"report picked by {name}", _picked(corpus, reward)) for name, reward in rewards.items()]
    fitted = [
        of_held_out(found, gold, cross_validate(found, gold, seed=seed), f"fit with {name}")
        for name, reward in rewards.items()
        for found in [evidence_of(corpus, rewarding=reward)]
    ]
    note = "a report is picked by the highest reward, the first scout's on a tie"
    pairs = [(picked[1], picked[0]), (fitted[1], fitted[0])]
    return _compared(gold_file, lines, gold, [*picked, *fitted], seed, note, pairs)


def best_of_n(corpus: Sequence[Scenario], gold_file: Path, *, seed: int) -> Benchmark:
    """The candidate with the highest reward among the judge's first N, by N. Raises `InputError` where there is one."""
    most = max((len(scenario.verdict.candidates) for scenario in corpus), default=0)
    if most < 2:
        raise InputError("no frame has more than one candidate; index with a judge that proposes several (judge 'llm')")
    lines, gold = _gold(gold_file, evidence_of(corpus))
    methods = [of_facts(f"best of {n}", {s.frame.token: _best(s, n) for s in corpus}) for n in range(1, most + 1)]
    return _compared(gold_file, lines, gold, methods, seed, f"frames with fewer than {most} keep what they have")


def _best(scenario: Scenario, n: int) -> Facts:
    return max(scenario.verdict.candidates[:n], key=lambda candidate: candidate.reward.total).facts


def _picked(corpus: Sequence[Scenario], reward: Rewarding) -> dict[str, Facts]:
    return {
        scenario.frame.token: max(
            (report.facts for report in scenario.reports), key=lambda facts: reward(facts, scenario.grounding).total
        )
        for scenario in corpus
        if scenario.reports
    }


def _gold(gold_file: Path, evidence: Evidence) -> tuple[list[GoldLine], Labelled]:
    """The gold lines that the evidence holds, and their labels. Raises `InputError` where there are none."""
    lines = read_gold(gold_file)
    gold = labelled(lines, evidence)
    if not len(gold.rows):
        raise InputError(f"none of the {len(lines)} frames of {str(gold_file)!r} is in this index")
    return [line for line in lines if line.token not in set(gold.missing)], gold


def _compared(
    gold_file: Path,
    lines: Sequence[GoldLine],
    gold: Labelled,
    methods: Sequence[Method],
    seed: int,
    note: str | None = None,
    pairs: Sequence[tuple[Method, Method]] | None = None,
) -> Benchmark:
    """The methods, and the differences of `pairs`: by default of every other one from the first."""
    pairs = [(method, methods[0]) for method in methods[1:]] if pairs is None else pairs
    return Benchmark(
        gold=gold_file.name,
        frames=len(lines),
        missing=gold.missing,
        methods=tuple(measure(method, lines) for method in methods),
        differences=tuple(difference for pair in pairs for difference in differences(pair, lines, seed)),
        points=(),
        seed=seed,
        notes=(note,) if note else (),
    )
