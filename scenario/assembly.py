"""A scenario as the ledger keeps it: the keys of its parts. Put together again when it is read."""

from collections.abc import Sequence

from scenario.errors import WorkspaceError
from scenario.ledger import Ledger
from scenario.records import Beliefs, Frame, Grounding, Provenance, Record, Scenario, ScoutReport, Verdict


class ScenarioRef(Record):
    """The frame, and the ledger keys of what each stage said about it."""

    frame: Frame
    grounding: str
    reports: tuple[str, ...]
    verdict: str
    beliefs: str
    provenance: Provenance

    def parts(self) -> tuple[str, ...]:
        return (self.grounding, *self.reports, self.verdict, self.beliefs)


def load_scenarios(ledger: Ledger, keys: Sequence[str]) -> list[Scenario]:
    """The scenarios with these keys, in their order. Raises `WorkspaceError` where the ledger lacks one."""
    stored = ledger.payloads(keys)
    refs = [ScenarioRef.model_validate_json(_found(stored, key)) for key in keys]
    parts = ledger.payloads(key for ref in refs for key in ref.parts())
    return [_assemble(ref, parts) for ref in refs]


def load_frames(ledger: Ledger, keys: Sequence[str]) -> list[Frame]:
    """The frames alone of the scenarios with these keys, in their order: a tenth of the work. Raises as above."""
    stored = ledger.payloads(keys)
    return [ScenarioRef.model_validate_json(_found(stored, key)).frame for key in keys]


def load_scenario(ledger: Ledger, key: str) -> Scenario:
    return load_scenarios(ledger, [key])[0]


def _assemble(ref: ScenarioRef, parts: dict[str, bytes]) -> Scenario:
    return Scenario(
        frame=ref.frame,
        grounding=Grounding.model_validate_json(_found(parts, ref.grounding)),
        reports=tuple(ScoutReport.model_validate_json(_found(parts, key)) for key in ref.reports),
        verdict=Verdict.model_validate_json(_found(parts, ref.verdict)),
        beliefs=Beliefs.model_validate_json(_found(parts, ref.beliefs)),
        provenance=ref.provenance,
    )


def _found(parts: dict[str, bytes], key: str) -> bytes:
    if key not in parts:
        raise WorkspaceError(f"the ledger lacks result {key}, which the index refers to; run semdrive index again")
    return parts[key]
