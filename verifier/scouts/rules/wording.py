"""A sentence about the scene, and the reasoning: each fact with what it rests on."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from scenario.vocabulary import Tag, TimeOfDay, Weather
from verifier.scouts.rules.finding import Finding
from verifier.scouts.rules.people import Conduct
from verifier.scouts.rules.scene import Scene

WEATHERS = {
    Weather.RAIN: "in rain",
    Weather.HEAVY_RAIN: "in heavy rain",
    Weather.SNOW: "in snow",
    Weather.FOG: "in fog",
}
TIMES = {TimeOfDay.NIGHT: "at night", TimeOfDay.DAWN_DUSK: "at dusk"}


def description(scene: Scene) -> str:
    """One sentence: when, and what matters most."""
    time, weather = scene.time.value, scene.weather.value
    said = TIMES.get(time) if time else None, WEATHERS.get(weather) if weather else None
    when = [words for words in said if words]
    sentence = " ".join([*when[:1], *(f"and {words}" for words in when[1:])])
    text = f"{sentence}, {_what(scene)}" if sentence else _what(scene)
    return text[0].upper() + text[1:] + "."


def _what(scene: Scene) -> str:
    parts = [part for part in (_of_people(scene), _of_lane(scene), _of_traffic(scene)) if part]
    return "; ".join(parts) or _nothing(scene)


def _of_people(scene: Scene) -> str:
    if not scene.people:
        return ""
    first = scene.people[0]
    if first.conduct is Conduct.ASIDE:
        return f"a {first.because}" if not scene.in_the_way else ""
    return f"a {first.because}"


def _of_lane(scene: Scene) -> str:
    found = (
        scene.in_the_way
        or (scene.works if scene.works.extent else None)
        or (scene.debris if scene.debris.extent else None)
    )
    return f"a {found.because}" if found else ""


def _of_traffic(scene: Scene) -> str:
    if scene.junction.is_complex:
        return f"a junction with {scene.junction.because}"
    if scene.cuts_in:
        return f"a {scene.adjacent.because}"
    if scene.special is not None:
        return f"a {scene.special.label} {scene.special.place}"
    return f"a {scene.lead.behavior.because}" if scene.lead.thing is not None else ""


def _nothing(scene: Scene) -> str:
    if not scene.situation.complete:
        return "what else is on the road is not known"
    return "ordinary traffic; nothing asks for attention" if scene.situation.vehicles else "an empty road"


def reasoning(findings: Mapping[str, Finding[Any]], tags: Mapping[Tag, str]) -> str:
    """One line a fact: its name, its value, what it rests on. What is not known is said, too."""
    lines = [
        f"{name}: {_shown(found.value)}{f' ({found.because})' if found.because else ''}"
        for name, found in findings.items()
    ]
    lines += [f"tag {tag}: {because}" for tag, because in tags.items()]
    return "\n".join(lines)


def _shown(value: object) -> str:
    if value is None:
        return "not known"
    return str(value.value if isinstance(value, Enum) else value)
