"""A live pass over made-up frames: scripted scouts, and a memory in a dictionary."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from drives import scenario
from fakes import ScriptedAnswerer
from scenario.answers import Answer, Evidence, Verification
from scenario.records import Camera, Facts, Scenario
from verifier.live import LiveVerifier
from verifier.verifying import Asked

YES = Answer(verdict="yes", probability=0.9, evidence=(Evidence(seen="a man", camera="CAM_FRONT"),))
NO = Answer(verdict="no", probability=0.1)
UNSURE = Answer(verdict="unsure", probability=0.5)
MAN = Asked(words="a man in the road?")


def frames(count: int, facts: Facts | None = None, **more: object) -> list[Scenario]:
    picture = {"CAM_FRONT": Camera(image="front.jpg")}
    return [scenario(f"t{number}", facts, cameras=picture, **more) for number in range(count)]  # type: ignore[arg-type]


def scout(answers: Sequence[Answer | Exception], name: str = "one", facts: Facts | None = None, **more: object):
    """Says these of t0, t1, …; an error is raised."""
    said = {f"t{n}": a for n, a in enumerate(answers) if isinstance(a, Answer)}
    reports = {f"t{n}": a if isinstance(a, Exception) else facts or Facts() for n, a in enumerate(answers)}
    return ScriptedAnswerer(name=name, by_token=reports, answers=said, **more)  # type: ignore[arg-type]


@dataclass
class Remembering:
    """A memory in a dictionary."""

    kept: dict[str, Verification] = field(default_factory=dict)
    appended: list[Verification] = field(default_factory=list)

    def recall(self, key: str) -> Verification | None:
        known = self.kept.get(key) if key else None
        return known and known.model_copy(update={"remembered": True})

    def append_verification(self, verification: Verification) -> Verification:
        self.appended.append(verification)
        if verification.verdict != "error" and verification.complete:
            self.kept[verification.key] = verification
        return verification


def told(scouts: Sequence[ScriptedAnswerer], scenarios: Sequence[Scenario], asked: Asked = MAN, **more: object):
    return list(LiveVerifier(scouts).verify(scenarios, asked, **more))  # type: ignore[arg-type]


def verdicts(verifications: Sequence[Verification]) -> dict[str, str]:
    return {one.token: one.verdict for one in verifications}
