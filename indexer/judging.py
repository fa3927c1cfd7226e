"""Reports to verdicts and beliefs, over all frames."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from indexer.stages import Makes, StageRunner, Task, attempt_each
from scenario.answers import Revision
from scenario.ledger import digest, result_key
from scenario.protocols import Judge
from scenario.records import Beliefs, Frame, Grounding, Record, ScoutReport, Verdict
from scenario.reviews import TagWords, with_tag_words
from verifier.beliefs import FINGERPRINT as BELIEFS
from verifier.beliefs import believe
from verifier.fitted import BeliefFit, believe_fitted, retag
from verifier.judging import STAND_IN, decide, stand_in
from verifier.reward import FINGERPRINT as REWARD

Judging = Callable[[Frame, Grounding, Sequence[ScoutReport]], Record]


@dataclass(frozen=True)
class Reported:
    """A frame with the keys of its grounding and of the reports it got: scout → key, in the order of the scouts."""

    frame: Frame
    grounding: str
    by_scout: Mapping[str, str]

    @property
    def reports(self) -> tuple[str, ...]:
        return tuple(self.by_scout.values())

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.grounding, *self.reports)


@dataclass(frozen=True)
class Judged:
    """A reported frame with the keys of its verdict and beliefs, and the fingerprint of the judge who gave it."""

    reported: Reported
    judge: str
    verdict: str
    beliefs: str
    revision: str | None = None  # whose word stands in the place of the judge's


def judge_frames(
    stages: StageRunner, judge: Judge, reported: Sequence[Reported], fit: BeliefFit | None = None
) -> list[Judged]:
    """Verdicts and beliefs of every frame that was reported on.

    Where the judge fails, the scouts vote and the verdict says why; the judge's failure stays in the ledger, so that
    it can be asked again. With a fit, beliefs are the fitted ones, and they set the verdict's tags and risk. A revision
    in the ledger sets all of the verdict's facts, a review the tags that it names: they are a person's word.
    """
    fingerprint = f"{judge.name}:{judge.fingerprint}:{REWARD}"
    verdicts = _stage(
        *(stages, "judge", fingerprint, reported),
        lambda _, grounding, reports: decide(judge, grounding, reports),
        workers=judge.concurrency,
    )
    by_judge = dict.fromkeys(verdicts, fingerprint)
    left = [item for item in reported if item.frame.token not in verdicts]
    if left:
        voted = _vote(stages, judge, fingerprint, left)
        by_judge.update(dict.fromkeys(voted, f"{STAND_IN}:{REWARD}"))
        verdicts.update(voted)
    judged = [item for item in reported if item.frame.token in verdicts]
    believed = _believe(stages, judged, fit)
    if fit:
        verdicts = _retag(stages, judged, verdicts, believed, fit)
    words = _words_of_people(stages)
    revised = [item for item in judged if item.frame.token in words and item.frame.token in verdicts]
    if revised:
        verdicts = verdicts | _revise(stages, revised, verdicts, words)
    by_person = {item.frame.token: words[item.frame.token].told for item in revised}
    return [
        Judged(
            *(item, by_judge[item.frame.token], verdicts[item.frame.token], believed[item.frame.token]),
            by_person.get(item.frame.token),
        )
        for item in judged
        if item.frame.token in believed and item.frame.token in verdicts
    ]


def beliefs_fingerprint(fit: BeliefFit | None) -> str:
    """What decides the beliefs: the default formula, and the fit over it where there is one."""
    return f"{BELIEFS}:fit-{fit.id}" if fit else BELIEFS


def _believe(stages: StageRunner, judged: Sequence[Reported], fit: BeliefFit | None) -> dict[str, str]:
    def belief(_: Frame, grounding: Grounding, reports: Sequence[ScoutReport]) -> Record:
        return believe_fitted(fit, grounding, reports) if fit else believe(grounding, reports)

    return _stage(stages, "believe", beliefs_fingerprint(fit), judged, belief)


def _retag(
    stages: StageRunner,
    judged: Sequence[Reported],
    verdicts: Mapping[str, str],
    believed: Mapping[str, str],
    fit: BeliefFit,
) -> dict[str, str]:
    """Verdicts with the tags and the risk that a fit recommends, under keys of their own."""
    frames = {item.frame.token: item.frame for item in judged if item.frame.token in believed}
    inputs = {token: (verdicts[token], believed[token]) for token in frames}
    tasks = [Task(result_key("retag", token, fit.id, inputs[token]), frame) for token, frame in frames.items()]

    def make(missing: Sequence[Task]) -> Makes:
        stored = stages.ledger.payloads(key for task in missing for key in inputs[task.frame.token])
        for task in missing:
            verdict, beliefs = (stored[key] for key in inputs[task.frame.token])
            changed = retag(fit, Verdict.model_validate_json(verdict), Beliefs.model_validate_json(beliefs))
            yield task, changed.to_bytes()

    return stages.stage("retag", tasks, make)


@dataclass(frozen=True)
class _Word:
    """What people said of a frame: facts that they accepted, and tags that they spoke of, which stand above those."""

    revision: Revision | None
    tags: TagWords

    @property
    def fingerprint(self) -> str:
        accepted = [self.revision.id, self.revision.facts.model_dump(mode="json")] if self.revision else []
        return digest(*accepted, *([dict(self.tags)] if self.tags else []))

    @property
    def told(self) -> str:
        accepted = [f"revision {self.revision.id} by {self.revision.who}"] if self.revision else []
        spoken = [f"reviews of {', '.join(self.tags)}"] if self.tags else []
        return " and ".join([*accepted, *spoken])

    def of(self, verdict: Verdict) -> Verdict:
        """The verdict with the facts that people gave it."""
        facts = self.revision.facts if self.revision else verdict.candidates[verdict.chosen].facts
        facts = facts.model_copy(update={"tags": with_tag_words(facts.tags, self.tags)})
        candidates = list(verdict.candidates)
        candidates[verdict.chosen] = verdict.candidates[verdict.chosen].model_copy(update={"facts": facts})
        when = f", {self.revision.created_at}, after verification {self.revision.verification}" if self.revision else ""
        notes = (*verdict.notes, f"facts by {self.told}{when}")
        return verdict.model_copy(update={"candidates": tuple(candidates), "notes": notes})


def _words_of_people(stages: StageRunner) -> dict[str, _Word]:
    revisions, tags = stages.ledger.revisions(), stages.ledger.tag_words()
    return {token: _Word(revisions.get(token), tags.get(token, {})) for token in revisions.keys() | tags.keys()}


def _revise(
    stages: StageRunner, revised: Sequence[Reported], verdicts: Mapping[str, str], words: Mapping[str, _Word]
) -> dict[str, str]:
    """Verdicts with the facts that people gave, under keys of their own."""
    frames = {item.frame.token: item.frame for item in revised}
    tasks = [
        Task(result_key("revise", token, words[token].fingerprint, [verdicts[token]]), frame)
        for token, frame in frames.items()
    ]

    def make(missing: Sequence[Task]) -> Makes:
        stored = stages.ledger.payloads(verdicts[task.frame.token] for task in missing)
        for task in missing:
            verdict = Verdict.model_validate_json(stored[verdicts[task.frame.token]])
            yield task, words[task.frame.token].of(verdict).to_bytes()

    return stages.stage("revise", tasks, make)


def _vote(stages: StageRunner, judge: Judge, fingerprint: str, left: Sequence[Reported]) -> dict[str, str]:
    """Verdicts by vote where the judge gave none, with its error as a note."""
    keys = {item.frame.token: _key("judge", fingerprint, item) for item in left}
    failed = stages.ledger.failed(keys.values())
    reasons = {
        token: failed[key].message if key in failed else "its model could not be reached" for token, key in keys.items()
    }

    def vote(frame: Frame, grounding: Grounding, reports: Sequence[ScoutReport]) -> Record:
        return stand_in(judge, grounding, reports, reasons[frame.token])

    extra = {token: (digest(judge.name, reason),) for token, reason in reasons.items()}
    return _stage(stages, "judge by vote", f"{STAND_IN}:{REWARD}", left, vote, extra=extra)


def _key(stage: str, fingerprint: str, item: Reported, extra: Sequence[str] = ()) -> str:
    return result_key(stage, item.frame.token, fingerprint, [*item.inputs, *extra])


def _stage(
    stages: StageRunner,
    stage: str,
    fingerprint: str,
    reported: Sequence[Reported],
    judging: Judging,
    *,
    workers: int = 1,
    extra: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, str]:
    items = {item.frame.token: item for item in reported}
    tasks = (
        Task(_key(stage, fingerprint, item, (extra or {}).get(token, ())), item.frame) for token, item in items.items()
    )
    return stages.stage(stage, tasks, partial(_judge_batch, stages, items, judging, workers), len(items))


def _judge_batch(
    stages: StageRunner, items: Mapping[str, Reported], judging: Judging, workers: int, tasks: Sequence[Task]
) -> Makes:
    stored = stages.ledger.payloads(key for task in tasks for key in items[task.frame.token].inputs)

    def judge(task: Task) -> bytes:
        item = items[task.frame.token]
        reports = [ScoutReport.model_validate_json(stored[key]) for key in item.reports]
        return judging(task.frame, Grounding.model_validate_json(stored[item.grounding]), reports).to_bytes()

    return attempt_each(tasks, judge, workers)
