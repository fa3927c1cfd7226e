"""What the words of a scene's description imply. A description covers a whole scene, so it is weak evidence for one
of its frames: it may say what the weather is, never who stands where."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scenario.vocabulary import FIELDS

# Fields for which a whole scene's words may speak for one frame.
FIELDS_OF_A_SCENE = ("weather", "time_of_day", "lighting_condition", "road_surface_friction", "scene_type")
LANES = "lane_configuration"
# Things that no field says, but that tell how to read what is seen.
RUNS_OUT, DIVERTED, EMPTY, WAITS = "runs out", "diverted", "empty", "waits"
MARKED_CROSSING, FLOODED, NAMES = "marked crossing", "flooded", "names"

# Words that annotators use and people who search do not, beside those of the vocabulary.
OWN_WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "weather": {"rain": ("rainy weather", "showers"), "fog": ("dense fog",)},
    "time_of_day": {"night": ("at night",)},
    "road_surface_friction": {"wet": ("after rain", "puddles", "puddle", "rain", "heavy rain", "downpour")},
    "scene_type": {"intersection": ("big intersection", "traffic light intersection"), "highway": ("expressway",)},
    LANES: {
        "roundabout": ("roundabout",),
        "curve": ("curve", "bend"),
        "intersection_t_junction": ("t junction", "t-junction"),
    },
}
_MOVES = ("runs out", "running out", "darts out", "steps out", "jumps out", "runs into the road", "comes out")
EVENTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    RUNS_OUT: {
        "child": tuple(f"{who} {moves}" for who in ("child", "kid", "children", "boy", "girl") for moves in _MOVES),
        "person": tuple(
            f"{who} {moves}" for who in ("pedestrian", "ped", "person", "man", "woman") for moves in _MOVES
        ),
    },
    WAITS: {"red": ("red light", "red traffic light"), "signal": ("wait at", "waits at", "waiting at")},
    MARKED_CROSSING: {"crossing": ("marked crossing", "crosswalk", "zebra crossing", "pedestrian crossing")},
    FLOODED: {"flooded": ("flooded", "flood", "flooding", "deep water", "standing water")},
    # Special vehicles for which annotators have no category of their own.
    NAMES: {label: (label,) for label in ("school bus", "fire truck")} | {"fire truck": ("fire truck", "fire engine")},
    EMPTY: {"empty": ("empty street", "empty road", "deserted", "no traffic")},
    DIVERTED: {
        "merge": ("merge left", "merge right", "merging left", "merging right"),
        "closed": ("lane closed", "closed lane", "closes the lane", "detour", "diversion", "lane diversion"),
    },
}
AMBIGUOUS = frozenset({"haze"})  # said of summer days, too
NEGATIONS = r"(?:no|not|without|after|before|stopped|never)"


@dataclass(frozen=True)
class Hints:
    """Values that a description's words stand for, by field, each with the words that said so."""

    said: Mapping[str, Mapping[str, str]]
    described: bool = False  # whether there is a description at all

    def says(self, field: str, *values: str) -> str | None:
        """The words that name one of `values`, or any value of the field; None where nothing does."""
        said = self.said.get(field, {})
        return next((words for value, words in said.items() if value in values or not values), None)

    def only(self, field: str) -> str | None:
        """The value of a field, if the description names exactly one."""
        values = [*self.said.get(field, {})]
        return values[0] if len(values) == 1 else None


def hints(description: str | None) -> Hints:
    """What a description says about the fields that a whole scene's words may speak for.

    The longest words speak first, and what they said is not read again: "heavy rain" is not also "rain".
    """
    text = re.sub(r"[^\w\s,;.-]", " ", (description or "").casefold())
    unread = dict.fromkeys((*FIELDS_OF_A_SCENE, LANES, *EVENTS), text)
    said: dict[str, dict[str, str]] = {}
    for field, value, words in LEXICON:
        if not _occurs(words, unread[field]):
            continue
        unread[field] = re.sub(_whole(words), " ", unread[field])
        said.setdefault(field, {}).setdefault(value, words)
    return Hints(said, described=bool(text.strip()))


def _lexicon() -> Iterator[tuple[str, str, str]]:
    for field in (*FIELDS_OF_A_SCENE, LANES):
        for term in FIELDS[field].terms:
            for words in (*term.words, *OWN_WORDS.get(field, {}).get(term.value, ())):
                yield field, term.value, words
    for event, kinds in EVENTS.items():
        for kind, phrases in kinds.items():
            for words in phrases:
                yield event, kind, words


LEXICON = sorted((entry for entry in _lexicon() if entry[2] not in AMBIGUOUS), key=lambda entry: -len(entry[2]))


def _whole(words: str) -> str:
    """A pattern for these words, not as a part of longer ones."""
    return rf"(?<![\w-]){re.escape(words)}(?![\w-])"


def _occurs(words: str, text: str) -> bool:
    """Whether the words stand in the text, whole and not denied right before them."""
    denied = "" if words.startswith("after ") else rf"(?<!\w)(?:{NEGATIONS})\s+(?:\w+\s+)?"
    for found in re.finditer(_whole(words), text):
        before = text[: found.start()]
        if not denied or not re.search(rf"{denied}$", before):
            return True
    return False
