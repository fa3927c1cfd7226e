"""Frames to an index. Read `Pipeline.run` first: it is the whole pipeline.

Stage-major: every frame is grounded before the first scout reports, and each back end is closed after its stage, so
that one model at a time is resident. What a stage says goes to the ledger as it finishes, under a key of everything it
depends on; a run that is killed or stopped finds it there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

from indexer.build import Built, EmbeddedScenario, build_index, encode_vectors
from indexer.estimates import estimate
from indexer.judging import Judged, Reported, beliefs_fingerprint, judge_frames
from indexer.report import RunSummary, ScoutSummary, failure_views, summarise_scout
from indexer.stages import Makes, Progress, Silent, StageRunner, Task, attempt_each, batches
from scenario.assembly import ScenarioRef, load_scenarios
from scenario.errors import ConfigError, ReportMissing, SemdriveError
from scenario.ledger import Failure, Ledger, digest, result_key
from scenario.protocols import Deadline, Embedder, Grounder, Judge, Scout
from scenario.records import SCHEMA_VERSION, Frame, Grounding, Provenance, ScoutReport
from search.schema import TABLE_VERSION, reasoning_text
from search.store import Store
from verifier.fitted import BeliefFit

GROUND_AT_ONCE = 16  # frames: enough for a detector's batch, and little to lose


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
    retry_failed: bool = True  # what failed in an earlier run is tried again
    expected_s: Mapping[str, float] = field(default_factory=dict)  # stage → seconds a frame, until a run has measured
    invocation: Mapping[str, object] = field(default_factory=dict)  # what was asked for, so that it can be repeated
    fit: BeliefFit | None = None  # fitted beliefs; without one, the defaults

    def run(self, unreadable: Sequence[SemdriveError] = (), *, dry_run: bool = False) -> RunSummary:
        """Index every frame. A frame that fails is reported, never dropped in silence.

        `unreadable` is input that was lost before or beside the frames; it is recorded as failures.
        """
        if not dry_run:
            self._ready_embedder()
        run = 0 if dry_run else self._start(unreadable)
        stages = StageRunner(self.ledger, run, self.batch_size, self.progress, dry_run, self.retry_failed)
        grounded = self._ground(stages)
        reported, absent = self._report(stages, grounded)
        with closing(self.judge):
            judged = judge_frames(stages, self.judge, reported, self.fit)
        scenarios = self._assemble(stages, judged)
        embedded = self._embed(stages, judged, scenarios)
        built = Built()
        if not dry_run:
            built = build_index(embedded, self.embedder, self.ledger, self.store, run, self.progress)
        summary = RunSummary(
            frames=len(self.frames),
            indexed=len(embedded),
            dry_run=dry_run,
            built=built.written,
            table_version=built.version,
            dropped=built.dropped,
            stages=stages.counts,
            estimates=tuple(estimate(stages.counts, self.ledger, self.expected_s)) if dry_run else (),
            scouts=() if dry_run else tuple(self._scout_summaries(reported, absent)),
            failures=() if dry_run else failure_views(self.ledger.failures(run)),
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
            "judge": f"{self.judge.name}:{self.judge.fingerprint}",
            "beliefs": beliefs_fingerprint(self.fit),
            "embedder": self.embedder.fingerprint,
            "invocation": dict(self.invocation),
        }

    def _start(self, unreadable: Sequence[SemdriveError]) -> int:
        run = self.ledger.start_run(self.config)
        lost = [
            Failure.of(error, key=digest("read", str(error)), stage="read", token=getattr(error, "token", None))
            for error in unreadable
        ]
        self.ledger.record(run, "read", [], lost)
        return run

    def _ground(self, stages: StageRunner) -> dict[str, str]:
        tasks = _ground_tasks(self.grounder, self.frames)
        with closing(self.grounder):
            return stages.stage("ground", tasks, self._make_groundings, len(self.frames))

    def _make_groundings(self, tasks: Sequence[Task]) -> Makes:
        for some in batches(tasks, GROUND_AT_ONCE):
            try:
                groundings = self.grounder.ground([task.frame for task in some])
            except ConfigError:
                raise
            except SemdriveError:
                # One bad frame spoils a batch: one by one, only the bad one fails.
                yield from attempt_each(some, lambda task: self.grounder.ground([task.frame])[0].to_bytes())
            else:
                yield from ((task, grounding.to_bytes()) for task, grounding in zip(some, groundings, strict=True))

    def _report(self, stages: StageRunner, grounded: dict[str, str]) -> tuple[list[Reported], dict[str, int]]:
        """Frames that some scout reported on, and per scout how many frames it has nothing for."""
        frames = [frame for frame in self.frames if frame.token in grounded]
        keys: dict[str, dict[str, str]] = {frame.token: {} for frame in frames}
        absent: dict[str, int] = {}
        for scout in self.scouts:
            tasks = list(_report_tasks(scout, frames, grounded))
            absent[scout.name] = len(frames) - len(tasks)
            with closing(scout):
                done = stages.stage(f"report {scout.name}", tasks, partial(self._make_reports, scout, grounded))
            for token, key in done.items():
                keys[token][scout.name] = key
        reported = [Reported(frame, grounded[frame.token], keys[frame.token]) for frame in frames]
        return [item for item in reported if item.by_scout], absent

    def _make_reports(self, scout: Scout, grounded: dict[str, str], tasks: Sequence[Task]) -> Makes:
        stored = self.ledger.payloads(grounded[task.frame.token] for task in tasks)

        def report(task: Task) -> bytes:
            grounding = Grounding.model_validate_json(stored[grounded[task.frame.token]])
            return scout.report(task.frame, grounding, deadline=Deadline()).to_bytes()

        return attempt_each(tasks, report, scout.concurrency)

    def _assemble(self, stages: StageRunner, judged: Sequence[Judged]) -> dict[str, str]:
        provenances: dict[tuple[str, ...], Provenance] = {}  # shared: there are as many as ways to be judged

        def reference(item: Judged) -> bytes:
            way = (item.judge, item.revision or "", *item.reported.by_scout)
            provenance = provenances.setdefault(way, self._provenance(item))
            return ScenarioRef(
                frame=item.reported.frame,
                grounding=item.reported.grounding,
                reports=item.reported.reports,
                verdict=item.verdict,
                beliefs=item.beliefs,
                provenance=provenance,
            ).to_bytes()

        items = {item.reported.frame.token: item for item in judged}
        tasks = (
            Task(result_key("assemble", token, str(SCHEMA_VERSION), [digest(reference(item).decode())]), frame)
            for token, item in items.items()
            for frame in [item.reported.frame]
        )

        def make(missing: Sequence[Task]) -> Makes:
            return ((task, reference(items[task.frame.token])) for task in missing)

        return stages.stage("assemble", tasks, make, len(judged))

    def _provenance(self, item: Judged) -> Provenance:
        """Of the back ends that had a part in this frame: a scout that has nothing to say about it changes nothing."""
        by_scout = item.reported.by_scout
        return Provenance(
            backends={
                "grounder": self.grounder.fingerprint,
                **{f"scout {scout.name}": scout.fingerprint for scout in self.scouts if scout.name in by_scout},
                "judge": item.judge,
                "beliefs": beliefs_fingerprint(self.fit),
                **({"revision": item.revision} if item.revision else {}),
            },
            notes=self.notes,
        )

    def _embed(
        self, stages: StageRunner, judged: Sequence[Judged], scenarios: dict[str, str]
    ) -> list[EmbeddedScenario]:
        fingerprint = f"{self.embedder.fingerprint}:{TABLE_VERSION}"
        tasks = [
            Task(result_key("embed", item.reported.frame.token, fingerprint, [item.verdict]), item.reported.frame)
            for item in judged
            if item.reported.frame.token in scenarios
        ]
        done = stages.stage("embed", tasks, partial(self._make_vectors, scenarios))
        return [
            EmbeddedScenario(task.frame.token, scenarios[task.frame.token], done[task.frame.token])
            for task in tasks
            if task.frame.token in done
        ]

    def _make_vectors(self, scenarios: dict[str, str], tasks: Sequence[Task]) -> Makes:
        """Vectors of description and reasoning, all texts of the batch in one call; no text, no vector."""
        loaded = load_scenarios(self.ledger, [scenarios[task.frame.token] for task in tasks])
        texts = [text for s in loaded for text in (s.verdict.facts.description, reasoning_text(s))]
        vectors = iter(self.embedder.embed([text for text in texts if text]))
        placed = [next(vectors) if text else None for text in texts]
        yield from ((task, encode_vectors(placed[2 * i : 2 * i + 2])) for i, task in enumerate(tasks))

    def _scout_summaries(self, reported: Sequence[Reported], absent: dict[str, int]) -> Iterator[ScoutSummary]:
        for scout in self.scouts:
            yield summarise_scout(scout.name, self._reports_of(scout.name, reported), absent[scout.name])

    def _reports_of(self, scout: str, reported: Sequence[Reported]) -> Iterator[ScoutReport]:
        for batch in batches(reported, self.batch_size):
            keys = [item.by_scout[scout] for item in batch if scout in item.by_scout]
            stored = self.ledger.payloads(keys)
            yield from (ScoutReport.model_validate_json(stored[key]) for key in keys)


def _ground_tasks(grounder: Grounder, frames: Iterable[Frame]) -> Iterator[Task]:
    for frame in frames:
        try:
            yield Task(result_key("ground", frame.token, grounder.fingerprint, grounder.inputs(frame)), frame)
        except ConfigError:
            raise
        except SemdriveError as error:
            yield unreadable_task("ground", frame, error)


def _report_tasks(scout: Scout, frames: Iterable[Frame], grounded: Mapping[str, str]) -> Iterator[Task]:
    """One task for each frame that the scout has something to say about."""
    fingerprint = f"{scout.name}:{scout.fingerprint}"
    for frame in frames:
        try:
            inputs = scout.inputs(frame, grounded[frame.token])
            yield Task(result_key("report", frame.token, fingerprint, inputs), frame)
        except ReportMissing:
            continue
        except ConfigError:
            raise
        except SemdriveError as error:
            yield unreadable_task(f"report {scout.name}", frame, error)


def unreadable_task(stage: str, frame: Frame, error: SemdriveError) -> Task:
    """A task whose inputs cannot even be named: it fails with `error`, under a key of that error."""
    return Task(digest(stage, frame.token, str(error)), frame, error)
