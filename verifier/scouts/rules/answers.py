"""A claim held against what the rules found: yes, no, or unsure, each with what it rests on."""

from dataclasses import dataclass

from scenario.answers import Answer, Evidence, Said
from scenario.labels import LABEL_GROUPS, TRAFFIC_LIGHTS
from scenario.records import DetectionReview, Facts, Grounding, ReviewVerdict
from scenario.vocabulary import FIELDS
from verifier.scouts.rules.claims import AllOf, AnyOf, Claim, EgoStands, Not, Present, RiskIs, Stated, Unknown
from verifier.scouts.rules.phrases import DETECTED_MAY_BE, MAY_BE
from verifier.scouts.rules.places import has, opposite
from verifier.scouts.rules.scene import Scene
from verifier.scouts.rules.things import Thing

# How probable yes is, by verdict: chosen, not fitted. Of rendered hits 99 in 100 confirmed ones were relevant
# (docs/rules.md), but their stories were known to who wrote the rules; .9 leaves room for the world outside.
PROBABILITY: dict[Said, float] = {"yes": 0.9, "unsure": 0.5, "no": 0.1}
ANNOTATIONS = "annotations"  # the grounder whose labels people gave
SHOWN = 3  # things that a part of a question cites at most
# Labels that hardly any log annotates: that none is there says nothing.
_SELDOM_LABELLED = frozenset(LABEL_GROUPS["control"]) | frozenset(LABEL_GROUPS["water"])
# Values that people would call the same.
_ALIKE = {
    ("weather", frozenset({"clear", "overcast"})),
    ("weather", frozenset({"rain", "heavy_rain"})),
    ("vru_status", frozenset({"jaywalking_fast", "jaywalking_hesitant"})),
    ("scene_type", frozenset({"urban_street", "intersection"})),
    ("lighting_condition", frozenset({"pitch_black", "streetlights_only"})),
    ("lane_configuration", frozenset({"curve", "straight"})),
}


@dataclass(frozen=True)
class Ground:
    """What answers rest on: what the rules found, the facts they stated, and what they reviewed."""

    scene: Scene
    facts: Facts
    grounding: Grounding
    reviews: tuple[DetectionReview, ...]


@dataclass(frozen=True)
class _Held:
    said: Said
    evidence: tuple[Evidence, ...] = ()


def answer(claim: Claim, ground: Ground) -> Answer:
    held = _held(claim, ground)
    return Answer(verdict=held.said, probability=PROBABILITY[held.said], evidence=tuple(dict.fromkeys(held.evidence)))


def _held(claim: Claim, ground: Ground) -> _Held:
    match claim:
        case Present():
            return _present(claim, ground)
        case Stated():
            return _any([_stated(claim, name, value, ground) for name, value in claim.meant])
        case RiskIs():
            return _risk(claim, ground.facts.risk)
        case EgoStands():
            return _ego_stands(ground.scene)
        case Unknown():
            return _Held("unsure", (Evidence(seen=f"{claim.words!r} means nothing to these rules"),))
        case Not():
            inner = _held(claim.claim, ground)
            return _Held(opposite(inner.said), inner.evidence)
        case AllOf():
            return _all([_held(part, ground) for part in claim.claims])
        case AnyOf():
            return _any([_held(part, ground) for part in claim.claims])


def _all(parts: list[_Held]) -> _Held:
    """All must hold. What decides is the evidence: the first firm no, or what is unsure, or everything."""
    said: Said = next((said for said in ("no", "unsure") if any(part.said == said for part in parts)), "yes")
    return _Held(said, _evidence_of(said, parts))


def _any(parts: list[_Held]) -> _Held:
    said: Said = next((said for said in ("yes", "unsure") if any(part.said == said for part in parts)), "no")
    return _Held(said, _evidence_of(said, parts))


def _evidence_of(said: Said, parts: list[_Held]) -> tuple[Evidence, ...]:
    return tuple(item for part in parts if part.said == said for item in part.evidence)


def _present(claim: Present, ground: Ground) -> _Held:
    """Enough things that surely fit: yes. Too few even with those that may: no, if everything was looked at."""
    situation = ground.scene.situation
    fits: dict[Said, list[Thing]] = {"yes": [], "unsure": [], "no": []}
    for thing in situation.things:
        if thing.label in claim.labels:
            fits[_fits(thing, claim, ground)].append(thing)
        elif _may_be(thing, claim, ground) and _fits(thing, claim, ground) != "no":
            fits["unsure"].append(thing)
    if len(fits["yes"]) >= claim.least:
        return _Held("yes", _shown(fits["yes"], ground))
    possible = [*fits["yes"], *fits["unsure"]]
    if len(possible) >= claim.least:
        return _Held("unsure", _shown(possible, ground))
    if not situation.complete:
        return _Held("unsure", (Evidence(seen=f"no {claim.name} was seen, but not everything there was looked at"),))
    if not fits["no"] and not possible and claim.labels <= _SELDOM_LABELLED:
        return _Held("unsure", (Evidence(seen=f"no {claim.name} was labelled, but few logs label them"),))
    return _Held("no", _none_fits(claim, fits, ground))


def _may_be(thing: Thing, claim: Present, ground: Ground) -> bool:
    """Whether a coarser label may stand for one that was asked for, or some would call this so."""
    names = MAY_BE.get(thing.label, frozenset())
    if ground.grounding.backend != ANNOTATIONS:
        names |= DETECTED_MAY_BE.get(thing.label, frozenset())
    return thing.label in claim.perhaps or not names.isdisjoint(claim.labels)


def _none_fits(claim: Present, fits: dict[Said, list[Thing]], ground: Ground) -> tuple[Evidence, ...]:
    seen = [*fits["yes"], *fits["unsure"], *fits["no"]]
    if not seen:
        return (Evidence(seen=f"no {claim.name} was seen"),)
    return _shown(seen, ground)


def _fits(thing: Thing, claim: Present, ground: Ground) -> Said:
    said = {has(thing, trait, ground.scene) for trait in claim.traits}
    doubted = all(ground.reviews[at].verdict is ReviewVerdict.UNCERTAIN for at in thing.detections)
    if "no" in said:
        return "no"
    # Who is mostly hidden is there all the same where the log knows it; a faint detection may be nothing.
    faint = doubted and (thing.confidence is None or thing.confidence < 0.5)
    return "unsure" if faint or "unsure" in said else "yes"


def _shown(things: list[Thing], ground: Ground) -> tuple[Evidence, ...]:
    return tuple(_seen(thing, ground) for thing in things[:SHOWN])


def _seen(thing: Thing, ground: Ground) -> Evidence:
    at = thing.detections[0] if thing.detections else None
    camera = ground.grounding.detections[at].camera if at is not None else None
    moves = "" if thing.speed_mps is None or thing.stands else f", moving {thing.speed_mps:.1f} m/s"
    return Evidence(seen=f"{thing.label} {thing.place}{moves}", camera=camera, detection=at)


def _stated(claim: Stated, name: str, value: str, ground: Ground) -> _Held:
    if FIELDS[name].many:
        return _in_set(name, value, ground)
    stated = getattr(ground.facts, name)
    if stated is None:
        return _Held("unsure", (Evidence(seen=f"{name.replace('_', ' ')}: not known from here"),))
    because = (Evidence(seen=f"{name.replace('_', ' ')}: {str(stated).replace('_', ' ')}"),)
    if stated == value:
        return _Held("yes", because)
    alike = (name, frozenset({str(stated), value})) in _ALIKE
    return _Held("unsure" if alike else "no", because)


def _in_set(name: str, value: str, ground: Ground) -> _Held:
    stated = [str(one) for one in getattr(ground.facts, name)]
    because = (Evidence(seen=f"{name.replace('_', ' ')}: {', '.join(stated).replace('_', ' ') or 'none'}"),)
    if value in stated:
        return _Held("yes", because)
    if name == "traffic_controls" and not _knows_controls(value, stated, ground):
        return _Held("unsure", because)
    blind = value == "sensor_failure" and not ground.scene.situation.pictures
    return _Held("unsure" if blind or not ground.scene.situation.complete else "no", because)


def _knows_controls(value: str, stated: list[str], ground: Ground) -> bool:
    """A light of one colour has no other; of a light without a colour, or of none, nothing is known."""
    lit = [one for one in stated if one.endswith("_light")]
    if value.endswith("_light"):
        return bool(lit) or (bool(stated) and not ground.scene.situation.of(TRAFFIC_LIGHTS))
    return False


def _risk(claim: RiskIs, risk: int | None) -> _Held:
    if risk is None:
        return _Held("unsure", (Evidence(seen="risk: not known from here"),))
    outside = max(claim.least - risk, risk - claim.most, 0)
    inside = min(risk - claim.least if claim.least > 0 else 10, claim.most - risk if claim.most < 10 else 10)
    said: Said = "yes" if outside == 0 else "no"
    if claim.blur and (0 < outside <= claim.blur or (outside == 0 and inside < claim.blur)):
        said = "unsure"
    return _Held(said, (Evidence(seen=f"risk {risk}"),))


def _ego_stands(scene: Scene) -> _Held:
    speed = scene.situation.motion.speed_mps
    if speed is None:
        return _Held("unsure", (Evidence(seen="how fast the ego drives is not known"),))
    said: Said = "yes" if scene.situation.motion.waits else "no"
    return _Held(said, (Evidence(seen=f"the ego drives {speed:.1f} m/s"),))
