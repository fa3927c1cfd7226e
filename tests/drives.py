"""Made-up scenarios, seeded: written as an index and a ledger, without running any stage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from fakes import HashEmbedder
from scenario.assembly import ScenarioRef
from scenario.ledger import Ledger, Result, result_key
from scenario.records import (
    Belief,
    Beliefs,
    Candidate,
    Detection,
    Facts,
    Frame,
    Grounding,
    Provenance,
    Reason,
    Record,
    Reward,
    Scenario,
    ScoutReport,
    Verdict,
)
from scenario.vocabulary import FIELDS, SCALAR_FIELDS, Tag, TrafficControl
from scenario.workspace import Workspace
from search.results import SearchPage
from search.schema import IndexRow, reasoning_text
from search.store import Build, Store
from server.engine import Engine

SUBJECTS = ("a pedestrian", "a cyclist", "two barrels", "a truck", "an ambulance")
PLACES = ("in the road", "beside the curb", "at night", "on a wet road")
LABELS = ("person", "car", "traffic cone", "jersey barrier", "stop sign")
Probabilities = Mapping[tuple[str, str], float]


def beliefs(probabilities: Probabilities, risk_mean: float | None = None, risk_spread: float | None = None) -> Beliefs:
    """A belief for every value of every field; those not named are 0."""
    named = [(field.name, value) for field in FIELDS.values() for value in field.values]
    stated = tuple(Belief(field=f, value=v, probability=probabilities.get((f, v), 0.0)) for f, v in named)
    return Beliefs(values=stated, risk_mean=risk_mean, risk_spread=risk_spread)


def scenario(
    token: str,
    facts: Facts | None = None,
    *,
    labels: Sequence[str] = (),
    reports: Sequence[ScoutReport] = (),
    reasons: Sequence[str] = (),
    probabilities: Probabilities | None = None,
    risk_mean: float | None = None,
    agreement: float | None = None,
    **frame: object,
) -> Scenario:
    seen = tuple(Detection(label=label, camera="CAM_FRONT") for label in labels)
    reward = Reward(reasons=tuple(Reason(points=1.0, text=text) for text in reasons))
    return Scenario(
        frame=Frame.model_validate({"token": token, **frame}),
        grounding=Grounding(backend="test", fingerprint="test", cameras=("CAM_FRONT",), detections=seen),
        reports=tuple(reports),
        verdict=Verdict(judge="t", candidates=(Candidate(facts=facts or Facts(), reward=reward),), agreement=agreement),
        beliefs=beliefs(probabilities or {}, risk_mean),
        provenance=Provenance(backends={"judge": "test"}),
    )


def drive(count: int, seed: int = 0) -> list[Scenario]:
    """Scenarios with facts at random: some fields not stated, few descriptions, so that BM25 scores and beliefs tie."""
    random = Random(seed)
    return [_at_random(random, number) for number in range(count)]


def _at_random(random: Random, number: int) -> Scenario:
    facts = {field.name: random.choice([None, *field.values]) for field in SCALAR_FIELDS}
    tags = random.sample([*Tag], random.choice([0, 0, 1, 2]))
    description = random.choice([None, f"{random.choice(SUBJECTS)} {random.choice(PLACES)}"])
    scene = f"scene-{number // 7:04d}" if random.random() < 0.8 else None
    probabilities = {("tags", tag): random.choice([0.0, 0.1, 0.5, 0.9, 1.0]) for tag in Tag}
    probabilities |= {(name, value): random.choice([0.6, 1.0]) for name, value in facts.items() if value}
    return scenario(
        f"{random.getrandbits(64):016x}",
        Facts.model_validate(
            {
                **facts,
                "tags": tuple(tags),
                "traffic_controls": tuple(random.sample([*TrafficControl], random.choice([0, 1, 2]))),
                "risk": random.choice([None, *range(11)]),
                "description": description,
            }
        ),
        labels=random.sample(LABELS, random.randint(0, 3)),
        reasons=random.choice([(), ("it was seen",)]),
        probabilities=probabilities,
        risk_mean=random.choice([None, 0.0, 4.5, 10.0]),
        agreement=random.choice([None, 0.25, 1.0]),
        scene=scene,
        scene_token=scene and scene[::-1],
        sequence=random.choice([None, number]),
        location=random.choice([None, "boston", "singapore"]),
    )


@dataclass
class Drives:
    """A workspace whose index and ledger hold the scenarios it is given; every `write` publishes a new build."""

    workspace: Workspace
    embedder: HashEmbedder

    @classmethod
    def at(cls, folder: Path) -> "Drives":
        return cls(Workspace.create(folder), HashEmbedder())

    def write(self, scenarios: Sequence[Scenario], fingerprint: str = "test") -> int:
        with Ledger(self.workspace.ledger) as ledger:  # type: ignore[arg-type]
            run = ledger.start_run({})
            keys = [_recorded(ledger, run, one) for one in scenarios]
        rows = [self.row(one, key) for one, key in zip(scenarios, keys, strict=True)]
        build = Build(fingerprint, self.embedder.fingerprint, self.embedder.dim)
        version = Store(self.workspace.index_uri).write(rows, build, run)
        with Ledger(self.workspace.ledger) as ledger:  # type: ignore[arg-type]
            ledger.record_indexed((one.frame.token for one in scenarios), run)
        return version

    def row(self, one: Scenario, key: str = "key") -> IndexRow:
        texts = (one.verdict.facts.description, reasoning_text(one))
        return IndexRow(one, key, *(self.embedder.embed([text])[0] if text else None for text in texts))


def _recorded(ledger: Ledger, run: int, one: Scenario) -> str:
    token = one.frame.token

    def put(stage: str, part: Record) -> str:
        payload = part.model_dump_json().encode()
        key = result_key(stage, token, "test", [payload.decode()])
        ledger.record(run, stage, [Result(key, token, payload)])
        return key

    ref = ScenarioRef(
        frame=one.frame,
        grounding=put("ground", one.grounding),
        reports=tuple(put("report", report) for report in one.reports),
        verdict=put("judge", one.verdict),
        beliefs=put("believe", one.beliefs),
        provenance=one.provenance,
    )
    return put("scenario", ref)


def engine_over(drives: Drives) -> Engine:
    return Engine(drives.workspace, lambda fingerprint: drives.embedder)


def no_embedder(fingerprint: str) -> HashEmbedder:
    raise AssertionError("a filter asked for the embedder")


def tokens(page: SearchPage) -> list[str]:
    return [hit.token for hit in page.hits]
