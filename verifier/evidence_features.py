"""What speaks for a tag, as a few numbers: the scouts' votes, what their other fields imply, detections, reward, risk.

Every number grows with the evidence for the tag, so a model over them may hold its weights at zero or above.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from math import log1p
from statistics import fmean

from scenario.labels import TAG_LABELS
from scenario.records import Facts, Grounding, Reward, ScoutReport, SizeClass
from scenario.vocabulary import (
    RISK_MAX,
    BlockingFactor,
    DrivableAreaStatus,
    EgoRequiredAction,
    LaneConfiguration,
    PrimaryChallenge,
    RoadSurfaceFriction,
    SceneType,
    SensorIntegrity,
    SpecialAgentClass,
    Tag,
    Term,
    VruStatus,
    Weather,
)
from verifier.reward import score

Rewarding = Callable[[Facts, Grounding], Reward]
REWARD_SCALE = 5.0  # points at which a reward counts fully
NEUTRAL_RISK = 4.0  # where no scout states one

# The values of other fields that imply a tag.
IMPLIED_BY: Mapping[Tag, Mapping[str, frozenset[Term]]] = {
    Tag.CONSTRUCTION: {
        "scene_type": frozenset({SceneType.CONSTRUCTION_ZONE}),
        "blocking_factor": frozenset({BlockingFactor.CONSTRUCTION_BARRIER}),
        "special_agent_class": frozenset({SpecialAgentClass.CONSTRUCTION_MACHINERY}),
    },
    Tag.LANE_DIVERSION: {
        "lane_configuration": frozenset({LaneConfiguration.MERGE_LEFT, LaneConfiguration.MERGE_RIGHT}),
        "drivable_area_status": frozenset({DrivableAreaStatus.RESTRICTED_BY_STATIC_OBSTACLE}),
        "ego_required_action": frozenset(
            {EgoRequiredAction.NUDGE_AROUND_STATIC_OBSTACLE, EgoRequiredAction.LANE_CHANGE}
        ),
        "blocking_factor": frozenset({BlockingFactor.CONSTRUCTION_BARRIER}),
    },
    Tag.VRU_HAZARD: {
        "vru_status": frozenset(
            {
                VruStatus.LEGAL_CROSSING,
                VruStatus.JAYWALKING_FAST,
                VruStatus.JAYWALKING_HESITANT,
                VruStatus.CYCLIST_IN_LANE,
            }
        ),
        "blocking_factor": frozenset({BlockingFactor.PEDESTRIAN}),
        "ego_required_action": frozenset(
            {EgoRequiredAction.YIELD, EgoRequiredAction.STOP, EgoRequiredAction.EMERGENCY_BRAKE}
        ),
    },
    Tag.WEATHER_ADVERSE: {
        "weather": frozenset({Weather.RAIN, Weather.HEAVY_RAIN, Weather.SNOW, Weather.FOG}),
        "road_surface_friction": frozenset(
            {RoadSurfaceFriction.WET, RoadSurfaceFriction.ICY, RoadSurfaceFriction.SNOWY}
        ),
        "sensor_integrity": frozenset({SensorIntegrity.DROPLETS_ON_LENS}),
    },
    Tag.SPECIAL_VEHICLE: {"special_agent_class": frozenset(SpecialAgentClass) - {SpecialAgentClass.NONE}},
    Tag.FOD_DEBRIS: {"blocking_factor": frozenset({BlockingFactor.DEBRIS})},
    Tag.INTERSECTION_COMPLEX: {
        "scene_type": frozenset({SceneType.INTERSECTION}),
        "lane_configuration": frozenset(
            {
                LaneConfiguration.INTERSECTION_4WAY,
                LaneConfiguration.INTERSECTION_T_JUNCTION,
                LaneConfiguration.ROUNDABOUT,
            }
        ),
        "ego_required_action": frozenset({EgoRequiredAction.UNPROTECTED_TURN}),
    },
    Tag.SENSOR_FAILURE: {
        "sensor_integrity": frozenset(SensorIntegrity) - {SensorIntegrity.NOMINAL},
        "primary_challenge": frozenset({PrimaryChallenge.PERCEPTION_DEGRADATION}),
    },
}

DETECTED, LARGE, COUNT, RISK, REWARD = "detected", "large", "count", "risk", "reward"
SHARED = (DETECTED, LARGE, COUNT, RISK, REWARD)


def names_for(scouts: Collection[str]) -> tuple[str, ...]:
    """The names of the features, in order: a vote and an implication a scout, then what they share."""
    return (*(f"vote:{scout}" for scout in scouts), *(f"implied:{scout}" for scout in scouts), *SHARED)


def features_of(
    grounding: Grounding, reports: Sequence[ScoutReport], scouts: Collection[str], rewarding: Rewarding = score
) -> dict[Tag, tuple[float, ...]]:
    """For each tag, numbers in the order of `names_for(scouts)`; a scout that did not report says nothing, which is 0.

    vote, implied: 0–1. detected: confidence of the surest supporting detection, 0–1. large, count: log(1 + how many).
    risk: the scouts' mean risk, 0–1. reward: mean reward of the scouts that vote for the tag, -1–1.
    """
    by_scout = {report.scout: report.facts for report in reports}
    facts = [by_scout.get(scout) for scout in scouts]
    present = [said for said in facts if said]
    rewards = [rewarding(said, grounding).total for said in present]
    risk = mean_risk(present) / RISK_MAX
    return {
        tag: (
            *(float(said is not None and tag in said.tags) for said in facts),
            *(_implied(tag, said) for said in facts),
            *_detections(tag, grounding),
            risk,
            _reward([reward for said, reward in zip(present, rewards, strict=True) if tag in said.tags]),
        )
        for tag in Tag
    }


def mean_risk(facts: Sequence[Facts]) -> float:
    """The mean of the risks that are stated, 0–10."""
    stated = [said.risk for said in facts if said.risk is not None]
    return fmean(stated) if stated else NEUTRAL_RISK


def _implied(tag: Tag, facts: Facts | None) -> float:
    if facts is None:
        return 0.0
    return fmean(getattr(facts, field) in values for field, values in IMPLIED_BY[tag].items())


def _detections(tag: Tag, grounding: Grounding) -> tuple[float, float, float]:
    found = grounding.of(TAG_LABELS.get(tag, frozenset()))
    surest = max((detection.confidence or 0.0 for detection in found), default=0.0)
    large = sum(detection.size_class in (SizeClass.MEDIUM, SizeClass.LARGE) for detection in found)
    return surest, log1p(large), log1p(len(found))


def _reward(totals: Sequence[float]) -> float:
    return max(-1.0, min(1.0, fmean(totals) / REWARD_SCALE)) if totals else 0.0
