"""People and riders: the same person is a bystander on the pavement and a hazard in the lane."""

from math import pi

from indexer.logs.sample.geometry import Spot
from indexer.logs.sample.plan import Facet, Plan
from indexer.logs.sample.script import PARKED, Layout, Story, Track, Weather, moving, still


def child_runs_out(plan: Plan) -> Story:
    """A child stands hidden between parked cars, then runs across; the ego brakes."""
    dice = plan.dice
    layout = Layout(oncoming=1, parking_right=True, parking_left=dice.chance(0.6), verge="pavement")
    weather = plan.daylight()
    ego = plan.ego(8.0, 8.0, 7.4, 4.8, 2.2, 0.6)
    s = ego[-1].x + dice.between(7.5, 9.5)
    stride = dice.between(1.05, 1.2)
    d0 = -2.4 + dice.between(-0.04, 0.04)  # a third of it shows past the car before it
    across = [d0, d0, d0 + 0.4, *(d0 + 0.4 + stride * n for n in (1, 2, 3))]
    track = tuple(Spot(s, d, pi / 2) for d in across)
    stands = (True, True, *(False,) * 4)
    words = tuple("pedestrian.standing" if still_ else "pedestrian.moving" for still_ in stands)
    plan.cast.add("child", track, stands=stands, attributes=words)
    for name, place, d in (("car", s - 3.5, -3.1), ("suv", s + 3.6, -2.95)):
        plan.cast.add(name, still(place, d), attributes=PARKED)
    plan.parked(layout, (s - 7.0, s + 7.0), share=0.75)
    waits: Facet = {
        "vru_status": "roadside_static",
        "primary_challenge": "occlusion_risk",
        "ego_required_action": "slow_down",
        "risk": 5,
        "description": "A child stands half hidden between parked cars.",
    }
    runs: Facet = {
        "vru_status": "jaywalking_fast",
        "primary_challenge": "occlusion_risk",
        "ego_required_action": "emergency_brake",
        "drivable_area_status": "blocked_by_dynamic_object",
        "blocking_factor": "pedestrian",
        "tags": ("vru_hazard",),
        "risk": 9,
        "description": "A child runs out between parked cars into the ego lane.",
    }
    starts: Facet = {**runs, "risk": 8}
    truths = plan.truths(layout, weather, frames=(waits, waits, starts, runs, runs, starts))
    description = "Child runs out between parked cars, hard braking"
    return plan.story("child_runs_out", description, layout, weather, ego, truths=truths)


def cyclist_at_night(plan: Plan) -> Story:
    """A rider in the ego lane, at night, slower than the ego."""
    dice = plan.dice
    layout = Layout(oncoming=1, verge="pavement", town=dice.choice(("town", "suburb")))
    weather = plan.hour("night")
    ego = plan.ego(7.6, 7.2, 6.7, 6.1, 5.6, 5.2)
    speed = dice.between(3.9, 4.4)
    plan.cast.add("cyclist", moving(dice.between(23, 27), dice.between(-0.7, 0.3), speed))
    plan.oncoming(layout, near_m=45)
    truths = plan.truths(
        *(layout, weather),
        risk=6,
        vru_status="cyclist_in_lane",
        primary_challenge="perception_degradation",
        ego_required_action="slow_down",
        tags=("vru_hazard",),
        description="At night, a cyclist rides ahead in the ego lane.",
    )
    return plan.story("cyclist_at_night", "Night, cyclist in lane", layout, weather, ego, truths=truths)


def _street_with_a_person(plan: Plan) -> tuple[Layout, Weather, Track, float]:
    """What the two stories of the person share: street, light, drive, and how far along the person stands."""
    dice = plan.dice
    layout = Layout(oncoming=1, verge="pavement", verge_m=3.6, parking_left=dice.chance(0.5))
    ego = plan.ego(5.4, 5.0, 4.5, 4.0, 3.4, 2.8)
    s = ego[-1].x + dice.between(10, 13)
    plan.parked(layout)
    return layout, plan.daylight(), ego, s


def person_on_pavement(plan: Plan) -> Story:
    """A person stands on the pavement, well away from the kerb."""
    layout, weather, ego, s = _street_with_a_person(plan)
    plan.cast.add("adult", still(s, layout.right_m - plan.dice.between(1.6, 2.2), pi / 2))
    truths = plan.truths(
        *(layout, weather),
        risk=2,
        vru_status="roadside_static",
        description="A pedestrian stands on the pavement, away from the road.",
    )
    description = "Pedestrian on pavement"
    return plan.story("person_on_pavement", description, layout, weather, ego, truths=truths)


def person_in_lane(plan: Plan) -> Story:
    """The same person hesitates in the ego lane, where crossing is not expected."""
    layout, weather, ego, s = _street_with_a_person(plan)
    plan.cast.add("adult", still(s, plan.dice.between(-0.6, 0.6), pi / 2))
    truths = plan.truths(
        *(layout, weather),
        risk=8,
        vru_status="jaywalking_hesitant",
        drivable_area_status="blocked_by_dynamic_object",
        primary_challenge="prediction_uncertainty",
        ego_required_action="stop",
        blocking_factor="pedestrian",
        tags=("vru_hazard",),
        description="A pedestrian stands hesitating in the ego lane.",
    )
    description = "Pedestrian hesitates in lane, jaywalker"
    return plan.story("person_in_lane", description, layout, weather, ego, truths=truths)


def marked_crossing(plan: Plan) -> Story:
    """People cross on a marked crossing without a signal; the ego gives way."""
    dice = plan.dice
    ego = plan.ego(5.8, 4.6, 3.4, 2.2, 1.0, 0.2)
    s = ego[-1].x + dice.between(7, 9)
    layout = Layout(oncoming=1, crossing_s=s, verge="pavement")
    weather = plan.daylight()
    plan.cast.add("crosswalk", still(s, layout.divider_m), size_lwh_m=(3.2, layout.left_m - layout.right_m, 0.03))
    plan.cast.add("crossing_sign", still(s - 2.6, layout.right_m - 0.6, pi))
    for n in range(dice.number(1, 2)):
        speed = dice.between(1.1, 1.3)
        track = moving(s - 0.7 + 1.2 * n, -1.7 + 0.9 * n, 0.0, pi / 2, drift=speed)
        plan.cast.add("adult", track)
    truths = plan.truths(
        *(layout, weather),
        risk=6,
        vru_status="legal_crossing",
        drivable_area_status="blocked_by_dynamic_object",
        ego_required_action="yield",
        blocking_factor="pedestrian",
        tags=("vru_hazard",),
        description="Pedestrians cross on a marked crossing in front of the ego.",
    )
    description = "Pedestrians on marked crossing, giving way"
    return plan.story("marked_crossing", description, layout, weather, ego, truths=truths)
