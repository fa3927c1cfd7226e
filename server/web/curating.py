"""What the curation pages show, as records that a template only has to write down. Blind until a label is given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from gold_set.curation import next_token, sample_named
from scenario.curation import Label, Sample
from scenario.ledger import Ledger
from scenario.records import Frame
from scenario.vocabulary import FIELDS, RISK_MAX, RISK_MIN, SCALAR_FIELDS, Field
from server.api.frames import image_url
from server.engine import Engine
from server.web.cards import FRONT

LARGE_PX, SMALL_PX = 1280, 640  # of a picture's width, for screens of two pixels a point
BACK = ("CAM_BACK_LEFT", "CAM_BACK", "CAM_BACK_RIGHT")
KEYS = "1234567890"
SECTIONS = {
    "key_interacting_agents": "Others on the road",
    "scenario_criticality": "What it asks of the driver",
    "road_topology": "Road",
    "odd_attributes": "Conditions",
}


@dataclass(frozen=True)
class Option:
    """A value that can be chosen; `value` is empty where choosing it states nothing."""

    value: str
    text: str
    key: str
    meaning: str
    chosen: bool


@dataclass(frozen=True)
class Choice:
    """One field of the form: one value of several, or (`many`) those that hold."""

    name: str
    text: str
    many: bool
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Shown:
    """A picture: `url` at the size of the page, `whole` as it was taken."""

    camera: str
    url: str
    whole: str


@dataclass(frozen=True)
class Bench:
    """Where an annotator stands in a sample: their labels, in the order they were given, and what they looked at."""

    sample: Sample
    annotator: str
    labels: tuple[Label, ...]
    looked: frozenset[str]

    @classmethod
    def of(cls, engine: Engine, name: str, annotator: str) -> "Bench":
        """Raises `InputError` where no sample has that name."""
        with Ledger(engine.workspace.require_ledger("the gold set"), read_only=True) as ledger:
            sample, labels, looks = sample_named(ledger.samples(), name), ledger.labels(), ledger.looked()
        held = {frame.token for frame in sample.frames}
        mine = tuple(one for one in labels if one.annotator == annotator and one.token in held)
        return cls(sample, annotator, mine, frozenset(token for token, who in looks if who == annotator))

    @property
    def next(self) -> str | None:
        """The first frame without an answer."""
        return next_token(self.sample, self.labels, self.annotator)[0]

    def after(self, token: str) -> str | None:
        """The frame that will be next once this one has an answer."""
        answered = {label.token for label in self.labels} | {token}
        return next((frame.token for frame in self.sample.frames if frame.token not in answered), None)

    def given(self, token: str) -> Label | None:
        return next((label for label in self.labels if label.token == token), None)

    def before(self, token: str | None) -> Label | None:
        """The label given before this frame's; of a frame without one, the last one given."""
        tokens = [label.token for label in self.labels]
        place = tokens.index(token) if token in tokens else len(tokens)
        return self.labels[place - 1] if place else None

    def count(self, status: str) -> int:
        return sum(label.status == status for label in self.labels)

    def url(self, at: str | None = None) -> str:
        return address(self.sample.name, self.annotator, at)


def address(sample: str, annotator: str, at: str | None = None) -> str:
    asked = {"annotator": annotator} | ({"at": at} if at else {})
    return f"/curate/{quote(sample, safe='')}?{urlencode({name: value for name, value in asked.items() if value})}"


def comparing(sample: str, annotator: str, token: str) -> str:
    tail = urlencode({"annotator": annotator})
    return f"/curate/{quote(sample, safe='')}/compare/{quote(token, safe='')}?{tail}"


def pictures(frame: Frame) -> list[Shown]:
    """All cameras, the one ahead first and large."""
    known = [name for name in ("CAM_FRONT", *FRONT, *BACK) if name in frame.cameras]
    order = dict.fromkeys([*known, *sorted(frame.cameras)])
    urls = [(name, image_url(frame.token, name)) for name in order]
    return [
        Shown(name, f"{url}?width={SMALL_PX if place else LARGE_PX}", f"{url}?width=1920")
        for place, (name, url) in enumerate(urls)
    ]


def facts_of(label: Label | None) -> dict[str, Any]:
    """What a label states, by the names of the form."""
    if label is None:
        return {}
    stated: dict[str, Any] = dict(label.scalars)
    stated |= {} if label.controls is None else {"traffic_controls": list(label.controls)}
    stated |= {} if label.tags is None else {"tags": list(label.tags)}
    return stated | ({} if label.risk is None else {"risk": label.risk})


def form(facts: Mapping[str, Any]) -> list[tuple[str, list[Choice]]]:
    """Every field of the vocabulary under its heading, with `facts` chosen; what decides most stands first."""
    first = [_set(FIELDS["tags"], facts), _risk(facts.get("risk"))]
    made = [("What matters", first)]
    for section, heading in SECTIONS.items():
        fields = [field for field in SCALAR_FIELDS if field.section == section]
        choices = [_scalar(field, facts.get(field.name)) for field in fields]
        if FIELDS["traffic_controls"].section == section:
            choices.append(_set(FIELDS["traffic_controls"], facts))
        made.append((heading, choices))
    return made


def _scalar(field: Field, chosen: str | None) -> Choice:
    options = [
        Option(term.value, _spaced(term.value), KEYS[place], term.meaning, term.value == chosen)
        for place, term in enumerate(field.terms)
    ]
    return Choice(field.name, _spaced(field.name), False, (*options, _unstated(chosen is None, "0")))


def _set(field: Field, facts: Mapping[str, Any]) -> Choice:
    """Nothing checked states nothing, so that none of them holds is said by a box of its own."""
    chosen: Sequence[str] | None = facts.get(field.name)
    empty = chosen == [] or "none" in (chosen or ())
    options = [
        Option(term.value, _spaced(term.value), KEYS[place], term.meaning, term.value in (chosen or ()))
        for place, term in enumerate(field.terms)
    ]
    nothing = Option("none", "none of these", "0", "it was looked for, and none holds", empty)
    return Choice(field.name, _spaced(field.name), True, (*options, nothing))


def _risk(chosen: int | None) -> Choice:
    options = [
        Option(str(risk), str(risk), str(risk) if risk < 10 else "", f"risk {risk} of {RISK_MAX}", chosen == risk)
        for risk in range(RISK_MIN, RISK_MAX + 1)
    ]
    return Choice("risk", "risk", False, (*options, _unstated(chosen is None, "")))


def _unstated(chosen: bool, key: str) -> Option:
    return Option("", "—", key, "not stated", chosen)


def _spaced(name: str) -> str:
    return name.replace("_", " ")
