"""The paper's reward, as its released judge logs tell it: kept to be compared with ours, and used nowhere else.

It looks for words inside the inventory text, so a "yield sign" grounds construction and a "pedestrian crossing sign" a
pedestrian, and it punishes a stop at a red light. Read this way it gives the released `judge_score` of every frame.
"""

from scenario.records import Facts, Grounding, Reason, Reward
from scenario.vocabulary import BlockingFactor, EgoRequiredAction, Tag, VruStatus

WORK_WORDS = ("cone", "barrel", "drum", "barrier", "sign", "fence")
PERSON_WORDS = ("person", "pedestrian", "child", "worker")
_HARMLESS = (None, VruStatus.NONE, VruStatus.ROADSIDE_STATIC)
_STOPS = (EgoRequiredAction.STOP, EgoRequiredAction.EMERGENCY_BRAKE)
_ACTS = (*_STOPS, EgoRequiredAction.NUDGE_AROUND_STATIC_OBSTACLE)


def paper_score(facts: Facts, grounding: Grounding) -> Reward:
    """+2 construction or a road user in the way whose words are in the inventory, else -5 and -10; +3 an action with a
    blocker; -5 a stop without one."""
    inventory, reasons = grounding.inventory(), []
    if Tag.CONSTRUCTION in facts.tags:
        found = any(word in inventory for word in WORK_WORDS)
        reasons.append(Reason(points=2, text="construction grounded") if found else _invented("construction", -5))
    if facts.vru_status not in _HARMLESS:
        found = any(word in inventory for word in PERSON_WORDS)
        reasons.append(Reason(points=2, text="road user grounded") if found else _invented("road user", -10))
    blocked = facts.blocking_factor not in (None, BlockingFactor.NONE)
    if facts.ego_required_action in _ACTS and blocked:
        reasons.append(Reason(points=3, text="action has a blocker"))
    elif facts.ego_required_action in _STOPS and not blocked:
        reasons.append(Reason(points=-5, text="action requires a blocker"))
    return Reward(reasons=tuple(reasons))


def _invented(what: str, points: float) -> Reason:
    return Reason(points=points, text=f"{what} not in the inventory")
