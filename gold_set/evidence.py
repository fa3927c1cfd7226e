"""What a fit learns from: every frame of an index with its reports and grounding, as numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scenario.assembly import load_scenarios
from scenario.errors import InputError
from scenario.ledger import Ledger
from scenario.records import Grounding, Scenario, ScoutReport
from scenario.vocabulary import Tag
from scenario.workspace import Workspace
from search.store import Store
from verifier.beliefs import believe
from verifier.evidence_features import Rewarding, features_of, names_for
from verifier.fitted import risk_features
from verifier.reward import score

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def load_corpus(workspace: Workspace) -> list[Scenario]:
    """Every scenario of a published index, in the order of its source. Raises `NoLedger`, `NoIndex`."""
    rows = Store(workspace.index_uri).snapshot().columns(("scenario_key", "sequence", "token")).to_pylist()
    rows.sort(key=lambda row: (row["sequence"] is None, row["sequence"], row["token"]))
    with Ledger(workspace.require_ledger("the gold set"), read_only=True) as ledger:
        return load_scenarios(ledger, [row["scenario_key"] for row in rows])


@dataclass(frozen=True)
class Evidence:
    """`n` frames as numbers: features (n, d) for each tag, default beliefs (n, tags), and what risk is read from."""

    scouts: tuple[str, ...]
    tokens: tuple[str, ...]
    blocks: tuple[str, ...]  # what is held out together: a scene, or thirty rows of the source
    near_cut: npt.NDArray[np.bool_]  # (n,) within three rows of a cut between blocks of rows
    names: tuple[str, ...]  # (d,)
    features: dict[Tag, Floats]
    defaults: Floats
    risk_base: Floats  # (n, 3): mean risk, acts, blocked

    def rows(self, tokens: Sequence[str]) -> Ints:
        place = {token: row for row, token in enumerate(self.tokens)}
        return np.array([place[token] for token in tokens if token in place], dtype=np.int64)


BLOCK_ROWS, GUARD_ROWS = 30, 3


def evidence_of(
    corpus: Sequence[Scenario], scouts: Sequence[str] | None = None, rewarding: Rewarding = score
) -> Evidence:
    """The numbers of a corpus, read from `scouts` (default: all that report in it). Raises `InputError`."""
    known = tuple(dict.fromkeys(report.scout for scenario in corpus for report in scenario.reports))
    chosen = tuple(scouts) if scouts is not None else known
    if not chosen or not set(chosen) <= set(known):
        raise InputError(
            f"scouts {', '.join(chosen) or 'none'}; this index has reports of: {', '.join(known) or 'none'}"
        )
    heard = [tuple(report for report in scenario.reports if report.scout in chosen) for scenario in corpus]
    pairs = [(scenario.grounding, reports) for scenario, reports in zip(corpus, heard, strict=True)]
    told = [features_of(grounding, reports, chosen, rewarding) for grounding, reports in pairs]
    none = dict.fromkeys(Tag, 0.0)
    return Evidence(
        scouts=chosen,
        tokens=tuple(scenario.frame.token for scenario in corpus),
        blocks=tuple(_block(scenario, row) for row, scenario in enumerate(corpus)),
        near_cut=np.array([_near_cut(scenario, row) for row, scenario in enumerate(corpus)]),
        names=names_for(chosen),
        features={tag: np.array([features[tag] for features in told]) for tag in Tag},
        defaults=np.array([_default_beliefs(grounding, reports) for grounding, reports in pairs]),
        risk_base=np.array([risk_features(none, reports, chosen)[:3] for reports in heard]),
    )


def _default_beliefs(grounding: Grounding, reports: Sequence[ScoutReport]) -> list[float]:
    """One a tag, in their order."""
    return [belief.probability for belief in believe(grounding, reports).values if belief.field == "tags"]


def _row(scenario: Scenario, row: int) -> int:
    return row if scenario.frame.sequence is None else scenario.frame.sequence


def _block(scenario: Scenario, row: int) -> str:
    scene = scenario.frame.scene_token or scenario.frame.scene
    return scene or f"rows {_row(scenario, row) // BLOCK_ROWS}"


def _near_cut(scenario: Scenario, row: int) -> bool:
    """Whether a neighbour that looks alike may lie in another block. Scenes are whole, so they have no such edge."""
    if scenario.frame.scene_token or scenario.frame.scene:
        return False
    return min(_row(scenario, row) % BLOCK_ROWS, BLOCK_ROWS - 1 - _row(scenario, row) % BLOCK_ROWS) < GUARD_ROWS
