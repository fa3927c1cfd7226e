"""Road works: in the lane they are the story, beside the road they are furniture."""

from math import pi

from indexer.logs.sample.plan import Facet, Plan
from indexer.logs.sample.script import LANE_M, Layout, Story, Track, still

CLOSED: Facet = {
    "scene_type": "construction_zone",
    "drivable_area_status": "restricted_by_static_obstacle",
    "primary_challenge": "violation_of_map_topology",
    "blocking_factor": "construction_barrier",
}


def barrels_in_rain(plan: Plan) -> Story:
    """Barrels lead the ego lane into the next one, in rain."""
    dice = plan.dice
    layout = Layout(same=1, oncoming=dice.number(0, 1), verge=dice.choice(("pavement", "grass")))
    weather = plan.rain(heavy=dice.chance(0.3))
    ego = plan.ego(8.5, 7.6, 6.6, 5.6, 4.8, 4.0, shift_m=dice.between(0.0, 0.3))
    start = dice.between(29, 33)
    end = _taper(plan, "barrel", start, dice.number(6, 7), dice.between(2.2, 2.6))
    plan.cast.add("road_work_sign", still(start - dice.between(7, 10), layout.right_m - 0.7, pi))
    for block in range(dice.number(0, 4)):
        plan.cast.add("barrier", still(end + 1.8 + 2.4 * block, LANE_M / 2 - 0.3, pi / 2), rgb=(214, 96, 40))
    far: Facet = {"risk": 6}
    near: Facet = {"risk": 7}
    truths = plan.truths(
        *(layout, weather, CLOSED),
        frames=(far, far, near, near, near, near),
        lane_configuration=f"merge_{plan.left}",
        ego_required_action="lane_change",
        tags=("construction", "lane_diversion", "weather_adverse"),
        description=f"In rain, orange barrels close the ego lane and lead the traffic to the {plan.left}.",
    )
    description = f"Rain, barrels close the {plan.right} lane, merge {plan.left}"
    return plan.story("barrels_in_rain", description, layout, weather, ego, truths=truths)


def _taper(plan: Plan, kind: str, start: float, count: int, spacing: float) -> float:
    """Furniture across the ego lane from its right edge to its left, then along the lane line. Returns its end."""
    last = count + plan.dice.number(2, 4)
    for place in range(last + 1):
        share = min(1.0, place / (count - 1))
        d = -LANE_M / 2 + 0.15 + share * (LANE_M - 0.35) + plan.dice.between(-0.06, 0.06)
        plan.cast.add(kind, still(start + spacing * place, d, plan.dice.between(-pi, pi)))
    return start + spacing * last


def _cones(plan: Plan) -> tuple[Layout, Track, list[tuple[float, float]], float]:
    """What the two stories of the cones share: street, drive, the cones' places, the depth of their row."""
    dice = plan.dice
    layout = Layout(same=1, oncoming=1, verge=dice.choice(("grass", "pavement")), verge_m=4.2, town="suburb")
    ego = plan.ego(6.8, 6.6, 6.2, 5.7, 5.2, 4.7)
    start, spacing, count = dice.between(25, 30), dice.between(2.0, 2.6), dice.number(7, 9)
    places = [(start + spacing * n, n / (count - 1)) for n in range(count)]
    return layout, ego, places, LANE_M - 0.5


def cones_close_lane(plan: Plan) -> Story:
    """A row of cones crosses the ego lane."""
    weather = plan.daylight()
    layout, ego, places, depth = _cones(plan)
    for s, share in places:
        plan.cast.add("cone", still(s, -depth / 2 + depth * min(1.0, share * 1.4)))
    truths = plan.truths(
        *(layout, weather, CLOSED),
        risk=6,
        lane_configuration=f"merge_{plan.left}",
        ego_required_action="lane_change",
        tags=("construction", "lane_diversion"),
        description=f"Traffic cones close the ego lane; the {plan.left} lane is open.",
    )
    description = f"Cones close the {plan.right} lane, merge {plan.left}"
    return plan.story("cones_close_lane", description, layout, weather, ego, truths=truths)


def cones_on_verge(plan: Plan) -> Story:
    """The same row of cones, but beyond the kerb: nothing is closed, led away or in the way."""
    weather = plan.daylight()
    layout, ego, places, _ = _cones(plan)
    for s, share in places:
        plan.cast.add("cone", still(s, layout.right_m - 1.3 - 1.2 * share))
    truths = plan.truths(
        *(layout, weather),
        risk=2,
        description="Traffic cones stand beside the road; no lane is affected.",
    )
    description = "Cones on the verge, nothing blocked"
    return plan.story("cones_on_verge", description, layout, weather, ego, truths=truths)


def excavator(plan: Plan) -> Story:
    """An excavator works in the ego lane behind barriers, with workers around it."""
    dice = plan.dice
    layout = Layout(same=1, oncoming=1, verge="grass", verge_m=4.5, town="suburb")
    weather = plan.daylight()
    ego = plan.ego(7.0, 6.2, 5.4, 4.8, 4.2, 3.8, shift_m=dice.between(0.0, 0.3))
    start = dice.between(27, 31)
    for n in range(5):
        plan.cast.add("barrier", still(start + 1.6 * n, -1.4 + 0.75 * n, 0.42))
    plan.cast.add("excavator", still(start + 15, -0.9, dice.between(-0.3, 0.3)), signals=("beacon",))
    for n in range(dice.number(1, 3)):
        place = still(start + 8 + 5 * n, -3.3 - dice.between(0, 0.9), dice.between(-pi, pi))
        plan.cast.add("worker", place)
    plan.cast.add("road_work_sign", still(start - 8, layout.right_m - 0.7, pi))
    truths = plan.truths(
        *(layout, weather, CLOSED),
        risk=6,
        lane_configuration=f"merge_{plan.left}",
        ego_required_action="lane_change",
        special_agent_class="construction_machinery",
        vru_status="roadside_static",
        tags=("construction", "lane_diversion", "special_vehicle"),
        description="An excavator and workers occupy the ego lane behind barriers.",
    )
    description = f"Excavator at work in the {plan.right} lane, barriers, workers, merge {plan.left}"
    return plan.story("excavator", description, layout, weather, ego, truths=truths)
