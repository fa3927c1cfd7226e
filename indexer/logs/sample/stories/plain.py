"""Places where nothing happens, things that lie in the road, and cameras that fail."""

from math import pi

from indexer.logs.sample.geometry import Bend
from indexer.logs.sample.plan import Plan
from indexer.logs.sample.script import Layout, Story, moving, still


def empty_street(plan: Plan) -> Story:
    """Nobody and nothing on the road, by day."""
    dice = plan.dice
    town = dice.choice(("town", "suburb", "country"))
    curvature = dice.choice((0.0, 1 / 320, -1 / 320))
    verge = "grass" if town == "country" else "pavement"
    layout = Layout(oncoming=1, verge=verge, town=town, bend=Bend(curvature), lamps=town != "country")
    weather = plan.daylight()
    speed = dice.between(7.5, 9.5)
    ego = plan.ego(*(speed,) * 6)
    _speed_limit(plan, layout)
    truths = plan.truths(layout, weather, description="An empty street by day; nothing asks for attention.")
    description = "Empty road, rural" if town == "country" else "Empty street"
    return plan.story("empty_street", description, layout, weather, ego, truths=truths)


def _speed_limit(plan: Plan, layout: Layout) -> None:
    """A sign, so that a scene without road users is still seen to be annotated."""
    plan.cast.add("speed_limit_sign", still(plan.dice.between(32, 42), layout.right_m - 0.7, pi))


DEBRIS = {
    "cardboard_box": "a cardboard box",
    "tire": "a tire",
    "mattress": "a mattress",
    "ladder": "a ladder",
    "tree_branch": "a tree branch",
}


def debris_at_dusk(plan: Plan) -> Story:
    """Something that fell off lies in the ego lane, in low light."""
    dice = plan.dice
    layout = Layout(oncoming=1, verge=dice.choice(("grass", "pavement")), town=dice.choice(("town", "suburb")))
    weather = plan.hour("dusk")
    ego = plan.ego(7.4, 6.9, 6.2, 5.4, 4.7, 4.2)
    kind = dice.choice(tuple(DEBRIS))
    plan.cast.add(kind, still(ego[-1].x + dice.between(8, 11), dice.between(-0.5, 0.4), dice.between(-pi, pi)))
    plan.oncoming(layout, most=1, near_m=38)
    truths = plan.truths(
        *(layout, weather),
        risk=6,
        drivable_area_status="restricted_by_static_obstacle",
        ego_required_action="nudge_around_static_obstacle",
        blocking_factor="debris",
        tags=("fod_debris",),
        description=f"At dusk, {DEBRIS[kind]} lies in the ego lane.",
    )
    description = f"Dusk, {DEBRIS[kind].split(' ', 1)[1]} in lane"
    return plan.story("debris_at_dusk", description, layout, weather, ego, truths=truths)


def flood(plan: Plan) -> Story:
    """Water stands across the ego lane, in heavy rain."""
    dice = plan.dice
    layout = Layout(oncoming=1, verge="grass", town="suburb")
    weather = plan.rain(heavy=True)
    ego = plan.ego(6.5, 5.7, 4.8, 4.0, 3.2, 2.6)
    plan.cast.add("puddle", still(ego[-1].x + dice.between(12, 14), dice.between(-0.4, 0.2)))
    truths = plan.truths(
        *(layout, weather),
        risk=6,
        drivable_area_status="restricted_by_static_obstacle",
        ego_required_action="slow_down",
        blocking_factor="flood",
        description="In heavy rain, deep water stands across the ego lane.",
    )
    description = "Heavy rain, flooded lane, deep water ahead"
    return plan.story("flood", description, layout, weather, ego, truths=truths)


def blind_camera(plan: Plan) -> Story:
    """An ordinary street, seen by a vehicle one of whose cameras is black or covered with dirt."""
    dice = plan.dice
    layout = Layout(oncoming=1, verge="pavement", parking_left=True)
    weather = plan.daylight()
    camera = dice.choice(("CAM_FRONT", "CAM_FRONT_LEFT", "CAM_FRONT_RIGHT"))
    what = dice.choice(("black", "dirt"))
    plan.parked(layout)
    truths = plan.truths(
        *(layout, weather),
        risk=3,
        sensor_integrity="dirt_on_lens" if what == "dirt" else None,
        primary_challenge="perception_degradation",
        tags=("sensor_failure",),
        description=f"One camera gives {'a black picture' if what == 'black' else 'a picture covered with dirt'}.",
    )
    description = "Camera failure, black picture" if what == "black" else "Dirt on a camera lens"
    speed = dice.between(6.5, 8.0)
    ego = plan.ego(*(speed,) * 6)
    return plan.story("blind_camera", description, layout, weather, ego, truths=truths, fault=(camera, what))


def rainy_night(plan: Plan) -> Story:
    """A wet street at night with nobody on it."""
    layout = Layout(oncoming=1, verge="pavement", town=plan.dice.choice(("town", "suburb")))
    weather = plan.rain(hour="night")
    speed = plan.dice.between(6.0, 7.5)
    ego = plan.ego(*(speed,) * 6)
    _speed_limit(plan, layout)
    truths = plan.truths(
        *(layout, weather),
        risk=4,
        ego_required_action="slow_down",
        description="A wet street on a rainy night, without traffic.",
    )
    return plan.story("rainy_night", "Night, rain, empty street", layout, weather, ego, truths=truths)


def dog(plan: Plan) -> Story:
    """A dog runs across the ego lane."""
    dice = plan.dice
    layout = Layout(oncoming=1, verge="grass", town="suburb")
    weather = plan.daylight()
    ego = plan.ego(6.6, 5.4, 4.2, 3.0, 1.8, 1.0)
    s = ego[-1].x + dice.between(8, 10)
    plan.cast.add("dog", moving(s, -1.4, 0.0, pi / 2, drift=dice.between(0.9, 1.1)))
    truths = plan.truths(
        *(layout, weather),
        risk=7,
        drivable_area_status="blocked_by_dynamic_object",
        primary_challenge="prediction_uncertainty",
        ego_required_action="stop",
        description="A dog walks across the ego lane.",
    )
    return plan.story("dog", "Dog on road", layout, weather, ego, truths=truths)
