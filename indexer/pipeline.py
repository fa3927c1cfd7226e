"""Frames to an index. Read `Pipeline.run` first: it is the whole pipeline.

Stage-major: every frame is grounded before the first scout reports, so that one model at a time is resident. What a
stage says goes to the ledger under a key of everything it depends on; a run that is killed finds it there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from indexer.build import EmbeddedScenario, build_index, encode_vectors
from indexer.report import FailureView, RunSummary, ScoutSummary, summarise_scout
from indexer.stages import Outcome, Progress, Silent, StageRunner, Task, attempt_each, batches
from scenario.assembly import ScenarioRef, load_scenarios
from scenario.errors import ReportMissing, SemdriveError
from scenario.ledger import Failure, Ledger, digest, result_key
from scenario.protocols import Deadline, Embedder, Grounder, Judge, Scout
from scenario.records import SCHEMA_VERSION, Frame, Grounding, Provenance, Record, ScoutReport
from search.schema import TABLE_VERSION, reasoning_text
from search.store import Store
from verifier.beliefs import FINGERPRINT as BELIEFS
from verifier.beliefs import believe
from verifier.judging import decide
from verifier.reward import FINGERPRINT as REWARD

Judging = Callable[[Grounding, Sequence[ScoutReport]], Record]


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


@dataclass
class Pipeline:
    frames: Sequence[Frame]
    grounder: Grounder
    scouts: Sequence[Scout]
    judge: Judge
    embedder: Embedder
    ledger: Ledger
    store: Store
    batch_size: int = 256
    progress: Progress = field(default_factory=Silent)
    notes: tuple[str, ...] = ()  # said about every scenario of this run, in its provenance

    def run(self, unreadable: Sequence[SemdriveError] = (), *, dry_run: bool = False) -> RunSummary:
        """Index every frame. A frame that fails is reported, never dropped in silence.

        `unreadable` is input that was lost before there was a frame to speak of; it is recorded as failures.
        """
        if not dry_run:
            self._ready_embedder()
        run = 0 if dry_run else self._start(unreadable)
        stages = StageRunner(self.ledger, run, self.batch_size, self.progress, dry_run)
        grounded = self._ground(stages)
        reported, absent = self._report(stages, grounded)
        refs = self._judge(stages, reported)
        scenarios = self._assemble(stages, refs)
        embedded = self._embed(stages, refs, scenarios)
        built, version = (False, None)
        if not dry_run:
            built, version = build_index(embedded, self.embedder, self.ledger, self.store, run, self.progress)
        summary = RunSummary(
            frames=len(self.frames),
            indexed=len(embedded),
            dry_run=dry_run,
            built=built,
            table_version=version,
            stages=stages.counts,
            scouts=() if dry_run else tuple(self._scout_summaries(reported, absent)),
            failures=() if dry_run else tuple(self._failure_views(run)),
        )
        if not dry_run:
            self.ledger.finish_run(run, summary.model_dump(mode="json"))
        return summary

    def _ready_embedder(self) -> None:
        """Load an embedder that the index does not know yet: one that is not there should fail before hours of work."""
        published = self.store.published_version() is not None
        if not published or self.store.snapshot().build.embedder != self.embedder.fingerprint:
            _ = self.embedder.dim

    @property
    def config(self) -> dict[str, object]:
        """Everything but the input that decides what comes out."""
        return {
            "grounder": self.grounder.fingerprint,
            "scouts": {scout.name: scout.fingerprint for scout in self.scouts},
            "judge": self._judge_fingerprint,
            "beliefs": BELIEFS,
            "embedder": self.embedder.fingerprint,
        }

    @property
    def _judge_fingerprint(self) -> str:
        return f"{self.judge.name}:{self.judge.fingerprint}:{REWARD}"

    def _start(self, unreadable: Sequence[SemdriveError]) -> int:
        run = self.ledger.start_run(self.config)
        lost = [Failure.of(error, key=digest("read", str(error)), stage="read", token=None) for error in unreadable]
        self.ledger.record(run, "read", [], lost)
        return run

    def _ground(self, stages: StageRunner) -> dict[str, str]:
        fingerprint = self.grounder.fingerprint
        tasks = [
            Task(result_key("ground", frame.token, fingerprint, self.grounder.inputs(frame)), frame)
            for frame in self.frames
        ]
        return stages.stage("ground", tasks, self._make_groundings)

    def _make_groundings(self, tasks: Sequence[Task]) -> Sequence[Outcome]:
        try:
            return [payload(grounding) for grounding in self.grounder.ground([task.frame for task in tasks])]
        except SemdriveError:
            # One bad frame spoils a batch: one by one, only the bad one fails.
            return attempt_each(tasks, lambda task: payload(self.grounder.ground([task.frame])[0]))

    def _report(self, stages: StageRunner, grounded: dict[str, str]) -> tuple[list[Reported], dict[str, int]]:
        """Frames that some scout reported on, and per scout how many frames it has nothing for."""
        frames = [frame for frame in self.frames if frame.token in grounded]
        keys: dict[str, dict[str, str]] = {frame.token: {} for frame in frames}
        absent: dict[str, int] = {}
        for scout in self.scouts:
            tasks = list(_report_tasks(scout, frames, grounded))
            absent[scout.name] = len(frames) - len(tasks)
            done = stages.stage(f"report {scout.name}", tasks, partial(self._make_reports, scout, grounded))
            for token, key in done.items():
                keys[token][scout.name] = key
        reported = [Reported(frame, grounded[frame.token], keys[frame.token]) for frame in frames]
        return [item for item in reported if item.by_scout], absent

    def _make_reports(self, scout: Scout, grounded: dict[str, str], tasks: Sequence[Task]) -> Sequence[Outcome]:
        stored = self.ledger.payloads(grounded[task.frame.token] for task in tasks)

        def report(task: Task) -> bytes:
            grounding = Grounding.model_validate_json(stored[grounded[task.frame.token]])
            return payload(scout.report(task.frame, grounding, deadline=Deadline()))

        return attempt_each(tasks, report)

    def _judge(self, stages: StageRunner, reported: Sequence[Reported]) -> list[ScenarioRef]:
        """Verdicts and beliefs of every frame that was reported on."""
        verdicts = self._judging(stages, "judge", self._judge_fingerprint, reported, partial(decide, self.judge))
        judged = [item for item in reported if item.frame.token in verdicts]
        believed = self._judging(stages, "believe", BELIEFS, judged, believe)
        return [
            ScenarioRef(
                frame=item.frame,
                grounding=item.grounding,
                reports=item.reports,
                verdict=verdicts[item.frame.token],
                beliefs=believed[item.frame.token],
                provenance=self._provenance(item),
            )
            for item in judged
            if item.frame.token in believed
        ]

    def _provenance(self, item: Reported) -> Provenance:
        """Of the back ends that had a part in this frame: a scout that has nothing to say about it changes nothing."""
        scouts = {f"scout {scout.name}": scout.fingerprint for scout in self.scouts if scout.name in item.by_scout}
        backends = {
            "grounder": self.grounder.fingerprint,
            **scouts,
            "judge": self._judge_fingerprint,
            "beliefs": BELIEFS,
        }
        return Provenance(backends=backends, notes=self.notes)

    def _judging(
        self, stages: StageRunner, stage: str, fingerprint: str, reported: Sequence[Reported], judging: Judging
    ) -> dict[str, str]:
        items = {item.frame.token: item for item in reported}

        def make(tasks: Sequence[Task]) -> Sequence[Outcome]:
            stored = self.ledger.payloads(key for task in tasks for key in items[task.frame.token].inputs)

            def judge(task: Task) -> bytes:
                item = items[task.frame.token]
                reports = [ScoutReport.model_validate_json(stored[key]) for key in item.reports]
                return payload(judging(Grounding.model_validate_json(stored[item.grounding]), reports))

            return attempt_each(tasks, judge)

        tasks = [Task(result_key(stage, item.frame.token, fingerprint, item.inputs), item.frame) for item in reported]
        return stages.stage(stage, tasks, make)

    def _assemble(self, stages: StageRunner, refs: Sequence[ScenarioRef]) -> dict[str, str]:
        by_token = {ref.frame.token: payload(ref) for ref in refs}
        tasks = [
            Task(
                result_key(
                    "assemble", ref.frame.token, str(SCHEMA_VERSION), [digest(by_token[ref.frame.token].decode())]
                ),
                ref.frame,
            )
            for ref in refs
        ]
        return stages.stage("assemble", tasks, lambda missing: [by_token[task.frame.token] for task in missing])

    def _embed(
        self, stages: StageRunner, refs: Sequence[ScenarioRef], scenarios: dict[str, str]
    ) -> list[EmbeddedScenario]:
        fingerprint = f"{self.embedder.fingerprint}:{TABLE_VERSION}"
        tasks = [Task(result_key("embed", ref.frame.token, fingerprint, [ref.verdict]), ref.frame) for ref in refs]
        done = stages.stage("embed", tasks, partial(self._make_vectors, scenarios))
        return [
            EmbeddedScenario(token, scenarios[token], done[token])
            for token in (ref.frame.token for ref in refs)
            if token in done
        ]

    def _make_vectors(self, scenarios: dict[str, str], tasks: Sequence[Task]) -> Sequence[Outcome]:
        """Vectors of description and reasoning, all texts of the batch in one call; no text, no vector."""
        loaded = load_scenarios(self.ledger, [scenarios[task.frame.token] for task in tasks])
        texts = [text for s in loaded for text in (s.verdict.facts.description, reasoning_text(s))]
        vectors = iter(self.embedder.embed([text for text in texts if text]))
        placed = [next(vectors) if text else None for text in texts]
        return [encode_vectors(placed[i : i + 2]) for i in range(0, len(placed), 2)]

    def _failure_views(self, run: int) -> Iterator[FailureView]:
        for failure in self.ledger.failures(run):
            yield FailureView(stage=failure.stage, token=failure.token, error=failure.error, message=failure.message)

    def _scout_summaries(self, reported: Sequence[Reported], absent: dict[str, int]) -> Iterator[ScoutSummary]:
        for scout in self.scouts:
            yield summarise_scout(scout.name, self._reports_of(scout.name, reported), absent[scout.name])

    def _reports_of(self, scout: str, reported: Sequence[Reported]) -> Iterator[ScoutReport]:
        for batch in batches(reported, self.batch_size):
            keys = [item.by_scout[scout] for item in batch if scout in item.by_scout]
            stored = self.ledger.payloads(keys)
            yield from (ScoutReport.model_validate_json(stored[key]) for key in keys)


def _report_tasks(scout: Scout, frames: Sequence[Frame], grounded: dict[str, str]) -> Iterator[Task]:
    """One task for each frame that the scout has something to say about."""
    for frame in frames:
        try:
            inputs = scout.inputs(frame, grounded[frame.token])
        except ReportMissing:
            continue
        yield Task(result_key("report", frame.token, f"{scout.name}:{scout.fingerprint}", inputs), frame)


def payload(record: Record) -> bytes:
    return record.model_dump_json(exclude_defaults=True).encode()
