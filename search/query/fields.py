"""What a query may ask about: every field, its kind, the column it reads and the values it takes."""

from dataclasses import dataclass
from enum import StrEnum

from scenario.labels import LABELS
from scenario.vocabulary import RISK_MAX, RISK_MIN, SCALAR_FIELDS, Tag, TrafficControl, allowed_names


class Kind(StrEnum):
    CHOICE = "choice"  # one value of a closed list
    MEMBERS = "members"  # a set of values of a closed list
    INTEGER = "integer"
    NUMBER = "number"
    NAME = "name"  # an exact name from the log
    STATE = "state"  # joined at query time, stored in no column


@dataclass(frozen=True)
class QueryField:
    name: str
    kind: Kind
    column: str
    values: tuple[str, ...] = ()  # allowed values, group names included; empty: open
    low: float | None = None
    high: float | None = None

    @property
    def numeric(self) -> bool:
        return self.kind in (Kind.INTEGER, Kind.NUMBER)


STATES = ("verified", "refuted", "unverified")


def _fields() -> list[QueryField]:
    choices = [QueryField(f.name, Kind.CHOICE, f.name, allowed_names(f.name)) for f in SCALAR_FIELDS]
    beliefs = [QueryField(f"p({tag})", Kind.NUMBER, f"p_tags_{tag}", low=0.0, high=1.0) for tag in Tag]
    return [
        QueryField("risk", Kind.INTEGER, "risk", low=RISK_MIN, high=RISK_MAX),
        QueryField("tag", Kind.MEMBERS, "tags", tuple(Tag)),
        *choices,
        QueryField("traffic_controls", Kind.MEMBERS, "traffic_controls", tuple(TrafficControl)),
        QueryField("object", Kind.MEMBERS, "objects", LABELS),
        *beliefs,
        QueryField("risk_mean", Kind.NUMBER, "risk_mean", low=RISK_MIN, high=RISK_MAX),
        QueryField("risk_spread", Kind.NUMBER, "risk_spread", low=0.0, high=RISK_MAX),
        QueryField("agreement", Kind.NUMBER, "agreement", low=0.0, high=1.0),
        QueryField("scene", Kind.NAME, "scene"),
        QueryField("log", Kind.NAME, "log"),
        QueryField("location", Kind.NAME, "location"),
        QueryField("token", Kind.NAME, "token"),
        QueryField("sequence", Kind.INTEGER, "sequence"),
        QueryField("timestamp_us", Kind.INTEGER, "timestamp_us"),
        QueryField("is", Kind.STATE, "", STATES),
        QueryField("verified", Kind.STATE, ""),  # by the question that was asked
        QueryField("refuted", Kind.STATE, ""),
    ]


QUERY_FIELDS: dict[str, QueryField] = {field.name: field for field in _fields()}
DIRECTIVES = ("sort", "similar")
SORTABLE: tuple[str, ...] = (*(name for name, field in QUERY_FIELDS.items() if field.numeric), "token")
