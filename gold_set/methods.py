"""What is measured: methods, each with what it says of tags and risk, and how sure it is where it can tell."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gold_set.cross import HeldOut
from gold_set.evidence import Evidence, Floats
from gold_set.fitting import Labelled
from gold_set.labels import GoldLine
from scenario.errors import InputError, LineUnreadable
from scenario.labels import TAG_LABELS
from scenario.records import Facts, Grounding, Scenario
from scenario.vocabulary import Tag
from scenario.wire import WireFacts
from verifier.evidence import SURE
from verifier.fitted import BeliefFit, believe_fitted, check_scouts
from verifier.scouts.recorded import RecordedRun


@dataclass(frozen=True)
class Method:
    """`said`: token → tags. `scores`: tag → token → a number that grows with the belief; absent for a binary method.
    `risk`: token → 0–10. A token that is missing was not answered."""

    name: str
    said: Mapping[str, frozenset[Tag]] | None = None
    scores: Mapping[Tag, Mapping[str, float]] = field(default_factory=dict)
    risk: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    ranks_risk: bool = True  # whether its risks differ for a reason, so that a rank correlation means anything
    probabilistic: bool = False  # whether the scores are probabilities, for a reliability diagram


def of_facts(name: str, facts: Mapping[str, Facts], *notes: str) -> Method:
    """A binary method: stated facts by token."""
    return Method(
        name,
        {token: frozenset(said.tags) for token, said in facts.items()},
        risk={token: float(said.risk) for token, said in facts.items() if said.risk is not None},
        notes=notes,
    )


def recorded_facts(path: Path) -> dict[str, Facts]:
    """The facts of a recorded run by token; a broken line is left out. Raises `InputError`."""
    run = RecordedRun.scan(path)
    if not run.lines:
        raise InputError(f"no readable report in {str(path)!r}; name a JSONL file of scout reports")
    with run.open() as file:
        return {token: WireFacts(run.read(token, file)).facts for token in run.lines}


def of_scouts(corpus: Sequence[Scenario]) -> list[Method]:
    names = dict.fromkeys(report.scout for scenario in corpus for report in scenario.reports)
    return [
        of_facts(
            f"scout {name}",
            {s.frame.token: report.facts for s in corpus for report in s.reports if report.scout == name},
        )
        for name in names
    ]


FITTED = "fitted: no test on the gold set it was fitted on"


def of_beliefs(corpus: Sequence[Scenario]) -> Method:
    """The index as it is: its verdicts, its beliefs, the mean risk."""
    return Method(
        "index (verdicts, beliefs)",
        {s.frame.token: frozenset(s.verdict.facts.tags) for s in corpus},
        {tag: {s.frame.token: s.beliefs.of("tags", tag).probability for s in corpus} for tag in Tag},
        {s.frame.token: s.beliefs.risk_mean for s in corpus if s.beliefs.risk_mean is not None},
        notes=(FITTED,) if any("fit-" in s.provenance.backends.get("beliefs", "") for s in corpus) else (),
        probabilistic=True,
    )


def of_detector(corpus: Sequence[Scenario]) -> Method:
    """Grounding alone. A tag is said when a label that supports it (`scenario.labels.TAG_LABELS`) is seen with
    confidence 0.5 or more; its score is the confidence of the surest one."""
    scores = {tag: {s.frame.token: _surest(tag, s.grounding) for s in corpus} for tag in TAG_LABELS}
    said = {s.frame.token: frozenset(tag for tag in TAG_LABELS if scores[tag][s.frame.token] >= SURE) for s in corpus}
    return Method("detector alone", said, scores, notes=("says no weather, no sensor failure, no risk",))


def _surest(tag: Tag, grounding: Grounding) -> float:
    return max((d.confidence or 0.0 for d in grounding.of(TAG_LABELS[tag])), default=0.0)


def of_fit(fit: BeliefFit, corpus: Sequence[Scenario], notes: tuple[str, ...] = ()) -> Method:
    """A fit applied as it is, with the thresholds it recommends. Raises `ConfigError` for a fit to other scouts."""
    here = {report.scout for scenario in corpus for report in scenario.reports}
    check_scouts(fit, sorted(here))
    absent = sorted(set(fit.scouts) - here)
    notes = (*notes, *([f"without {', '.join(absent)}, which it was fitted with"] if absent else []))
    believed = {s.frame.token: believe_fitted(fit, s.grounding, s.reports) for s in corpus}
    return Method(
        f"fit {fit.id[:8]} as it is",
        {
            token: frozenset(tag for tag in Tag if b.of("tags", tag).probability >= fit.of(tag).threshold)
            for token, b in believed.items()
        },
        {tag: {token: b.of("tags", tag).probability for token, b in believed.items()} for tag in Tag},
        {token: b.risk_mean for token, b in believed.items() if b.risk_mean is not None},
        notes=notes,
        probabilistic=True,
    )


def _held(tokens: Sequence[str], values: Floats) -> dict[str, float]:
    """Token → value, where there is one."""
    return {token: float(value) for token, value in zip(tokens, values, strict=True) if np.isfinite(value)}


def of_held_out(
    evidence: Evidence,
    gold: Labelled,
    held_out: HeldOut,
    name: str = "fitted beliefs, cross-validated",
    notes: tuple[str, ...] = (),
) -> Method:
    tokens = [evidence.tokens[row] for row in gold.rows]
    answered = [k for k in range(len(tokens)) if held_out.answered[k]]
    if len(answered) < len(tokens):
        notes = (*notes, f"{len(tokens) - len(answered)} frames could not be held out: no labels in other blocks")
    return Method(
        name,
        {tokens[k]: frozenset(np.array([*Tag])[held_out.said[k]].tolist()) for k in answered},
        {tag: {tokens[k]: float(held_out.probabilities[k, place]) for k in answered} for place, tag in enumerate(Tag)},
        _held(tokens, held_out.risk),
        notes=notes,
        probabilistic=True,
    )


def constant_guess(gold: Sequence[GoldLine]) -> Method:
    """One guess for every frame: the median risk of the gold set itself, so the best guess that knows the answer."""
    stated = [line.risk for line in gold if line.risk is not None]
    guesses = dict.fromkeys((line.token for line in gold), float(np.median(stated))) if stated else {}
    return Method("constant risk", risk=guesses, notes=("its own median",), ranks_risk=False)


def constant_held_out(evidence: Evidence, gold: Labelled, held_out: HeldOut) -> Method:
    """One guess a fold: the median risk of the other folds."""
    tokens = [evidence.tokens[row] for row in gold.rows]
    return Method("constant risk", risk=_held(tokens, held_out.constant_risk), ranks_risk=False)


# CLIP: the paper's prompts, which tags they mean, and the prompts that say the opposite.
CLIP_PROMPTS: Mapping[Tag, tuple[str, ...]] = {
    Tag.VRU_HAZARD: ("vru_on_road_hazard", "bicyclist_on_road_hazard", "animal_crossing"),
    Tag.CONSTRUCTION: ("construction_blocking",),
    Tag.LANE_DIVERSION: ("construction_blocking",),
    Tag.WEATHER_ADVERSE: ("weather_rain_night", "fog_hazard"),
    Tag.SPECIAL_VEHICLE: ("special_police", "special_ambulance"),
    Tag.FOD_DEBRIS: ("debris_hazard",),
}
CLIP_NEGATIVES: Mapping[Tag, tuple[str, ...]] = {
    Tag.VRU_HAZARD: ("vru_on_sidewalk_safe", "bicyclist_on_bike_lane_safe", "clear_safe"),
    Tag.CONSTRUCTION: ("construction_roadside", "clear_safe"),
    Tag.LANE_DIVERSION: ("construction_roadside", "clear_safe"),
    Tag.WEATHER_ADVERSE: ("weather_clear_day", "clear_safe"),
    Tag.SPECIAL_VEHICLE: ("clear_safe",),
    Tag.FOD_DEBRIS: ("clear_safe",),
}
CLIP_THRESHOLD = 0.25
NO_LOGITS = "logits not released"


def of_clip(path: Path) -> list[Method]:
    """CLIP as published (soft-max above 0.25), and as the log-ratio to the prompts that say the opposite."""
    by_token = _clip_scores(path)
    said = {
        token: frozenset(
            tag for tag, prompts in CLIP_PROMPTS.items() if any(scores[p] > CLIP_THRESHOLD for p in prompts)
        )
        for token, scores in by_token.items()
    }
    softmax = {
        tag: {token: max(s[p] for p in prompts) for token, s in by_token.items()}
        for tag, prompts in CLIP_PROMPTS.items()
    }
    ratio = {
        tag: {token: _log_ratio(s, prompts, CLIP_NEGATIVES[tag]) for token, s in by_token.items()}
        for tag, prompts in CLIP_PROMPTS.items()
    }
    ratio_said = {token: frozenset(tag for tag in ratio if ratio[tag][token] > 0) for token in by_token}
    return [
        Method("CLIP soft-max", said, softmax, notes=(NO_LOGITS,)),
        Method("CLIP log-ratio", ratio_said, ratio, notes=(NO_LOGITS,)),
    ]


def _log_ratio(scores: Mapping[str, float], prompts: Sequence[str], negatives: Sequence[str]) -> float:
    tiny = 1e-12
    return float(np.log(sum(scores[p] for p in prompts) + tiny) - np.log(sum(scores[n] for n in negatives) + tiny))


def _clip_scores(path: Path) -> dict[str, dict[str, float]]:
    needed = {prompt for table in (CLIP_PROMPTS, CLIP_NEGATIVES) for prompts in table.values() for prompt in prompts}
    found: dict[str, dict[str, float]] = {}
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read CLIP's scores {str(path)!r}: {error}") from error
    for number, raw in enumerate(text.splitlines(), start=1):
        try:
            line = json.loads(raw)
            scores = {prompt: float(line["scores"][prompt]) for prompt in needed}
            found[str(line["token"])] = scores
        except (ValueError, TypeError, KeyError) as error:
            reason = f"no number for {error}" if isinstance(error, KeyError) else str(error)
            raise LineUnreadable(str(path), number, f"not a line of CLIP scores: {reason}") from error
    return found
