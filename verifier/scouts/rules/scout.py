"""The weights-free scout: geometry, ego motion, picture statistics and the scene's words, under rules one can read."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import Field

from scenario.answers import Testimony
from scenario.config import options
from scenario.errors import DeadlinePassed, ImageUnreadable
from scenario.images import read, stamp
from scenario.ledger import digest
from scenario.protocols import Deadline
from scenario.records import DetectionReview, Facts, Frame, Grounding, Record, ReviewVerdict, ScoutReport
from scenario.vocabulary import (
    AdjacentVehicleBehavior,
    BlockingFactor,
    DrivableAreaStatus,
    EgoRequiredAction,
    LeadVehicleBehavior,
    PrimaryChallenge,
    SpecialAgentClass,
    Tag,
    VruStatus,
)
from verifier.image_stats import ImageStats, measure
from verifier.scouts.rules import criticality, hazards, people, road, traffic, wording
from verifier.scouts.rules.answers import Ground, answer
from verifier.scouts.rules.finding import Finding
from verifier.scouts.rules.questions import claim_of
from verifier.scouts.rules.scene import Scene, scene_of
from verifier.scouts.rules.situation import situation_of
from verifier.scouts.rules.things import review

VERSION = "rules-1"  # a change of any rule is a new version: what was stored under the old one is not this scout's
QUESTIONS = "questions-1"  # how questions are understood and answered; it has no part in reports

KEPT_PICTURES = 8192  # a dozen numbers each

# Values that mean "nothing was found": true only where everything was looked at.
ABSENCE = {
    "drivable_area_status": (DrivableAreaStatus.NOMINAL,),
    "vru_status": (VruStatus.NONE,),
    "lead_vehicle_behavior": (LeadVehicleBehavior.NONE,),
    "adjacent_vehicle_behavior": (AdjacentVehicleBehavior.NONE,),
    "special_agent_class": (SpecialAgentClass.NONE,),
    "primary_challenge": (PrimaryChallenge.NONE,),
    "ego_required_action": (EgoRequiredAction.LANE_KEEP,),
    "blocking_factor": (BlockingFactor.NONE,),
    "risk": (0, 1),
}


class RulesOptions(Record):
    """The scout's settings."""

    name: str = Field("rules", min_length=1, description="what the scout is called")
    pictures: bool = Field(True, description="whether it looks at the pictures; without, only words say the weather")


@dataclass(frozen=True)
class RulesScout:
    """States facts by rules. Raises `ImageUnreadable` for a picture that cannot be read, `DeadlinePassed`."""

    name: str = "rules"
    pictures: bool = True
    concurrency: int = 4  # numpy and Pillow let go of the interpreter while they work

    @property
    def fingerprint(self) -> str:
        return VERSION if self.pictures else f"{VERSION} without pictures"

    def inputs(self, frame: Frame, grounding_key: str) -> tuple[str, ...]:
        """The grounding, the words, the ego's motion, and each picture's stamp."""
        motion = digest(
            frame.description,
            frame.timestamp_us,
            frame.ego_pose.model_dump() if frame.ego_pose else None,
            [pose.model_dump() for pose in frame.ego_path],
        )
        pictures = [stamp(camera.image) for camera in frame.cameras.values()] if self.pictures else []
        return (grounding_key, motion, *pictures)

    def report(self, frame: Frame, grounding: Grounding, *, deadline: Deadline) -> ScoutReport:
        """Reviews every detection, then states what follows from those that stand."""
        return self._reported(self._scene(frame, grounding, deadline), review(grounding))

    @property
    def asking_fingerprint(self) -> str:
        return f"{self.fingerprint} {QUESTIONS}"

    def look(self, frame: Frame, grounding: Grounding, question: str, *, deadline: Deadline) -> Testimony:
        """Reports afresh, and answers the words from the vocabulary and from where things are."""
        scene, reviews = self._scene(frame, grounding, deadline), review(grounding)
        report = self._reported(scene, reviews)
        if not question.strip():
            return Testimony(report=report)
        return Testimony(
            report=report, answer=answer(claim_of(question), Ground(scene, report.facts, grounding, reviews))
        )

    def _scene(self, frame: Frame, grounding: Grounding, deadline: Deadline) -> Scene:
        return scene_of(situation_of(frame, grounding, review(grounding), self._pictures(frame, deadline)))

    def _reported(self, scene: Scene, reviews: tuple[DetectionReview, ...]) -> ScoutReport:
        findings = _findings(scene)
        if not scene.situation.complete:
            findings = {name: _without_absence(name, found) for name, found in findings.items()}
        tags = dict(criticality.tags(scene))
        return ScoutReport(
            scout=self.name,
            facts=_facts(scene, findings, tags),
            reasoning=_summary(reviews) + "\n" + wording.reasoning(findings, tags),
            reviews=reviews,
        )

    def close(self) -> None:
        """It holds nothing."""

    def _pictures(self, frame: Frame, deadline: Deadline) -> dict[str, ImageStats]:
        seen = {}
        for name, camera in frame.cameras.items() if self.pictures else ():
            if deadline.passed:
                raise DeadlinePassed(
                    f"scout {self.name!r}: the time for frame {frame.token} ended before camera {name}"
                )
            seen[name] = _measured(camera.image, *_version(camera.image))
        return seen


@lru_cache(maxsize=KEPT_PICTURES)
def _measured(image: str, changed_ns: int, size_bytes: int) -> ImageStats:
    """A picture is decoded once for all questions about it; one that changed on the disk is another picture."""
    return measure(read(image))


def _version(image: str) -> tuple[int, int]:
    """When the file was changed, and its size. Raises `ImageUnreadable` where there is none."""
    try:
        found = Path(image).stat()
    except OSError as error:
        raise ImageUnreadable(image, error.strerror or str(error)) from error
    return found.st_mtime_ns, found.st_size


def rules_scout(**given: Any) -> RulesScout:
    """The scout from its TOML options. Raises `ConfigError`."""
    settings = options(RulesOptions, "scout 'rules'", given)
    return RulesScout(settings.name, settings.pictures)


def _findings(scene: Scene) -> dict[str, Finding[Any]]:
    """Every scalar field and the risk, in the vocabulary's order, with what each rests on."""
    return {
        "weather": scene.weather,
        "time_of_day": scene.time,
        "lighting_condition": scene.light,
        "road_surface_friction": scene.friction,
        "sensor_integrity": scene.sensor,
        "scene_type": road.scene_type(scene),
        "lane_configuration": road.lane_configuration(scene),
        "drivable_area_status": road.drivable_area(scene),
        "vru_status": people.vru_status(scene.people),
        "lead_vehicle_behavior": scene.lead.behavior,
        "adjacent_vehicle_behavior": scene.adjacent,
        "special_agent_class": traffic.special_class(scene.situation, scene.special),
        "primary_challenge": criticality.primary_challenge(scene),
        "ego_required_action": criticality.required_action(scene),
        "blocking_factor": criticality.blocking_factor(scene),
        "risk": hazards.risk(scene),
    }


def _without_absence(name: str, found: Finding[Any]) -> Finding[Any]:
    """Where not every thing is known, that none was seen says nothing: such a value becomes "not known"."""
    rests_on_absence = found.value in ABSENCE.get(name, ())
    return Finding(None, "not everything there was looked at") if rests_on_absence else found


def _facts(scene: Scene, findings: dict[str, Finding[Any]], tags: dict[Tag, str]) -> Facts:
    values = {name: found.value for name, found in findings.items()}
    return Facts(
        **values, traffic_controls=scene.junction.controls, tags=tuple(tags), description=wording.description(scene)
    )


def _summary(reviews: tuple[DetectionReview, ...]) -> str:
    counts = {verdict: sum(one.verdict is verdict for one in reviews) for verdict in ReviewVerdict}
    return "detections: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
