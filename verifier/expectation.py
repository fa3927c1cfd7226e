"""What the index expects of a filter: the probability, by its stored beliefs, that a frame passes.

It decides two things of the live pass: which frames are the most uncertain, and whether a scout contradicts the
index, so that another should look. Clauses are taken as independent, which suffices for both.
"""

from math import erf, prod, sqrt

from scenario.records import Scenario
from scenario.vocabulary import FIELDS, expand
from search.query.ast import And, Compare, Filter, Not, OneOf, Or, Phrase, Range, Stated

SPREAD = 1.5  # of a risk, where fewer than two scouts stated one
SURE_SPREAD = 0.5  # scouts that agree are still not more exact than this
NO_IDEA = 0.5


def expected(node: Filter, scenario: Scenario) -> float:
    """The probability in [0, 1] that the filter holds; 0.5 where the index has no opinion."""
    match node:
        case And(children):
            return prod(expected(child, scenario) for child in children)
        case Or(children):
            return 1.0 - prod(1.0 - expected(child, scenario) for child in children)
        case Not(child):
            return 1.0 - expected(child, scenario)
        case OneOf(name, values):
            if name == "risk":
                return min(1.0, sum(_risk(scenario, float(v), float(v)) for v in values))
            return _values(name, [stored for value in values for stored in expand(_field(name), str(value))], scenario)
        case Range("risk", low, high):
            return _risk(scenario, low, high)
        case Compare("risk", operator, value):
            step = {">=": (value, None), ">": (value + 1, None), "<=": (None, value), "<": (None, value - 1)}
            return _risk(scenario, *step[operator])
        case Compare() | Range() | Stated() | Phrase():
            return NO_IDEA


def _field(name: str) -> str:
    return "tags" if name == "tag" else name


def _values(name: str, stored: list[str], scenario: Scenario) -> float:
    """Of a field of one value the probabilities add up; of a set, the most probable member decides."""
    if _field(name) not in FIELDS:  # a name of the log, a detection, a state: no belief speaks of them
        return NO_IDEA
    found = [scenario.beliefs.of(_field(name), value).probability for value in dict.fromkeys(stored)]
    return max(found) if FIELDS[_field(name)].many else min(1.0, sum(found))


def _risk(scenario: Scenario, low: float | None, high: float | None) -> float:
    """The share of a normal distribution around the mean risk that rounds to a value from `low` to `high`."""
    mean = scenario.beliefs.risk_mean
    if mean is None:
        return NO_IDEA
    known = scenario.beliefs.risk_spread
    spread = SPREAD if known is None else max(known, SURE_SPREAD)
    below = 0.0 if low is None else _normal((low - 0.5 - mean) / spread)
    upto = 1.0 if high is None else _normal((high + 0.5 - mean) / spread)
    return max(0.0, upto - below)


def _normal(z: float) -> float:
    return 0.5 * (1.0 + erf(z / sqrt(2.0)))
