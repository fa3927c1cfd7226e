"""Vehicles: ordinary ones, special ones, and the junction with its lights."""

from math import pi

from indexer.logs.sample.geometry import Bend, Spot
from indexer.logs.sample.plan import ONCOMING, Facet, Plan
from indexer.logs.sample.script import FRAMES, LANE_M, PARKED, STEP_S, Layout, Story, moving, still


def fog(plan: Plan) -> Story:
    """Fog, and a vehicle ahead that drives as fast as the ego."""
    dice = plan.dice
    town = dice.choice(("country", "suburb"))
    curvature = dice.choice((0.0, 1 / 500, -1 / 500))
    layout = Layout(oncoming=1, verge="grass", town=town, bend=Bend(curvature), lamps=town != "country")
    weather = plan.fog()
    speed = dice.between(6.0, 7.2)
    ego = plan.ego(*(speed,) * 6)
    own = (ego[-1].x - ego[0].x) / (STEP_S * (FRAMES - 1))
    kind = dice.choice(("car", "van", "truck", "suv"))
    plan.cast.add(kind, moving(dice.between(17, 22), dice.between(-0.2, 0.2), own), signals=("tail",))
    truths = plan.truths(
        *(layout, weather),
        risk=4,
        lead_vehicle_behavior="nominal",
        ego_required_action="slow_down",
        description="In fog, a vehicle drives ahead in the ego lane.",
    )
    return plan.story("fog", f"Fog, following a {kind}", layout, weather, ego, truths=truths)


def special_vehicle(plan: Plan) -> Story:
    """A school bus that has stopped, or a police car that attends to something."""
    return _school_bus(plan) if plan.dice.of("which").chance(0.55) else _police_car(plan)


def _school_bus(plan: Plan) -> Story:
    dice = plan.dice
    layout = Layout(oncoming=1, verge="pavement", verge_m=3.6, town="suburb")
    weather = plan.daylight()
    ego = plan.ego(6.4, 5.2, 4.0, 2.8, 1.6, 0.4)
    rear = ego[-1].x + dice.between(8.5, 10.5)
    bus = plan.cast.add("school_bus", still(rear + 5.3, -0.45), signals=("hazard",))
    for n in range(dice.number(2, 4)):
        place = still(bus.track[0].x - 5.6 - 1.1 * n, layout.right_m - dice.between(1.2, 2.2), dice.between(0.2, 1.2))
        plan.cast.add("child", place)
    truths = plan.truths(
        *(layout, weather),
        risk=5,
        drivable_area_status="blocked_by_dynamic_object",
        vru_status="roadside_static",
        special_agent_class="school_bus",
        lead_vehicle_behavior="nominal",
        primary_challenge="occlusion_risk",
        ego_required_action="stop",
        blocking_factor="vehicle",
        tags=("special_vehicle",),
        description="A school bus has stopped in the ego lane; children stand on the pavement beside it.",
    )
    description = "School bus stopped, children on pavement"
    return plan.story("special_vehicle", description, layout, weather, ego, truths=truths)


def _police_car(plan: Plan) -> Story:
    dice = plan.dice
    layout = Layout(oncoming=1, parking_right=True, verge="pavement")
    weather = plan.daylight()
    ego = plan.ego(6.8, 6.3, 5.8, 5.2, 4.7, 4.2)
    s = ego[-1].x + dice.between(10, 13)
    plan.cast.add("police_car", still(s, layout.right_m + 1.15), signals=("beacon", "hazard"))
    plan.cast.add(
        "officer", still(s - dice.between(2.6, 3.6), layout.right_m - dice.between(0.9, 1.4), dice.between(0.6, 2.6))
    )
    plan.parked(layout, (s - 7, s + 7), share=0.3)
    truths = plan.truths(
        *(layout, weather),
        risk=4,
        vru_status="roadside_static",
        special_agent_class="police_car",
        ego_required_action="slow_down",
        tags=("special_vehicle",),
        description="A police car stands at the roadside with its lights on, an officer on the pavement.",
    )
    description = "Police car at roadside, lights on, officer on pavement"
    return plan.story("special_vehicle", description, layout, weather, ego, truths=truths)


def red_light(plan: Plan) -> Story:
    """A crossing of four arms: the ego stops at red, traffic crosses, people cross where they may."""
    dice = plan.dice
    ego = plan.ego(6.0, 4.4, 2.8, 1.2, 0.0, 0.0)
    stop = ego[-1].x + dice.between(4.6, 5.4)
    crossing, junction = stop + 3.0, stop + 14.0
    layout = Layout(same=1, verge="pavement", junction_s=junction, crossing_s=crossing, stop_line_s=stop)
    weather = plan.daylight()
    width = layout.left_m - layout.right_m
    middle = (layout.left_m + layout.right_m) / 2
    plan.cast.add("crosswalk", still(crossing, middle), size_lwh_m=(3.2, width, 0.03))
    for d in (layout.right_m - 0.7, layout.divider_m + 0.2):
        plan.cast.add("red_light", still(junction + 9.6, d, pi), base_m=3.1)
    for n in range(dice.number(2, 3)):
        way, speed = dice.choice((1, -1)), dice.between(1.1, 1.4)
        start = middle - way * dice.between(1.0, 4.0)
        track = moving(crossing - 0.95 + 0.95 * n, start, 0.0, way * pi / 2, drift=way * speed)
        plan.cast.add(dice.choice(("adult", "adult", "child")) if n else "adult", track)
    speed = dice.between(5.5, 7.0)
    for n in range(dice.number(2, 4)):
        way = 1 if n % 2 else -1
        start = -way * (dice.between(3, 8) + 13 * (n // 2))
        track = moving(junction + way * 2.0, start, 0.0, way * pi / 2, drift=way * speed)
        plan.cast.add(dice.choice(("car", "suv", "van")), track)
    plan.cast.add("car", still(junction + 16, layout.divider_m + LANE_M / 2, ONCOMING))
    truths = plan.truths(
        *(layout, weather),
        risk=4,
        scene_type="intersection",
        lane_configuration="intersection_4way",
        vru_status="legal_crossing",
        adjacent_vehicle_behavior="nominal",
        traffic_controls=("red_light",),
        ego_required_action="stop",
        tags=("intersection_complex",),
        description="The ego waits at a red light while cars and pedestrians cross the intersection.",
    )
    description = "Intersection, wait at red light, pedestrians crossing, cross traffic"
    return plan.story("red_light", description, layout, weather, ego, truths=truths)


def quiet_junction(plan: Plan) -> Story:
    """A crossing without traffic: the ego stops at a stop sign, or drives on at a green light."""
    dice = plan.dice
    green = dice.chance(0.5)
    ego = plan.ego(6.0, 6.0, 6.0, 6.0, 6.0, 6.0) if green else plan.ego(6.0, 4.4, 2.8, 1.2, 0.0, 0.0)
    stop = ego[-1].x + dice.between(4.6, 5.4)
    layout = Layout(oncoming=1, verge="pavement", junction_s=stop + 11.0, stop_line_s=stop, town="suburb")
    weather = plan.daylight()
    if green:
        plan.cast.add("green_light", still(stop + 20.6, layout.right_m - 0.7, pi), base_m=3.1)
    else:
        plan.cast.add("stop_sign", still(stop + 0.4, layout.right_m - 0.7, pi))
    truths = plan.truths(
        *(layout, weather),
        risk=2,
        scene_type="intersection",
        lane_configuration="intersection_4way",
        traffic_controls=("green_light",) if green else ("stop_sign",),
        ego_required_action="lane_keep" if green else "stop",
        description=f"A crossing without traffic; {'the light is green' if green else 'the ego stops at a stop sign'}.",
    )
    description = "Intersection, green light, no traffic" if green else "Stop sign, no traffic"
    return plan.story("quiet_junction", description, layout, weather, ego, truths=truths)


def fire_truck(plan: Plan) -> Story:
    """A fire truck comes the other way with its lights on."""
    dice = plan.dice
    layout = Layout(oncoming=1, verge="pavement")
    weather = plan.daylight()
    ego = plan.ego(6.0, 5.2, 4.4, 3.6, 3.0, 2.6)
    kind = dice.choice(("fire_truck", "ambulance"))
    track = moving(dice.between(42, 48), layout.divider_m + LANE_M / 2 - 0.3, -dice.between(7, 8), ONCOMING)
    plan.cast.add(kind, track, signals=("beacon", "head"))
    words = kind.replace("_", " ")
    truths = plan.truths(
        *(layout, weather),
        risk=4,
        special_agent_class=kind,
        ego_required_action="yield",
        tags=("special_vehicle",),
        description=f"The {words} approaches on the other side with its lights on.",
    )
    description = f"Oncoming {words}, lights on, giving way"
    return plan.story("fire_truck", description, layout, weather, ego, truths=truths)


def cut_in(plan: Plan) -> Story:
    """A car from the next lane forces its way in close ahead."""
    dice = plan.dice
    layout = Layout(same=1, oncoming=1, verge="grass", town="suburb")
    weather = plan.daylight()
    ego = plan.ego(8.6, 8.4, 7.8, 7.0, 6.4, 6.2)
    s = [track.x + gap for track, gap in zip(ego, (7.5, 8.2, 9.0, 9.8, 10.6, 11.5), strict=True)]
    d = (3.4, 2.9, 2.1, 1.3, 0.6, 0.2)
    heading = (-0.05, -0.15, -0.2, -0.2, -0.14, -0.05)
    track = tuple(Spot(*place) for place in zip(s, d, heading, strict=True))
    plan.cast.add(dice.choice(("car", "suv")), track)
    cuts: Facet = {
        "adjacent_vehicle_behavior": "cutting_in_aggressive",
        "primary_challenge": "prediction_uncertainty",
        "ego_required_action": "slow_down",
        "risk": 6,
        "description": "A car from the next lane cuts in close ahead.",
    }
    truths = plan.truths(layout, weather, cuts)
    description = f"Car cuts in from the {plan.left} lane"
    return plan.story("cut_in", description, layout, weather, ego, truths=truths)


def parked_truck(plan: Plan) -> Story:
    """A parked truck stands partly in the ego lane."""
    dice = plan.dice
    layout = Layout(oncoming=1, verge="pavement")
    weather = plan.daylight()
    ego = plan.ego(6.4, 5.8, 5.2, 4.6, 4.2, 4.0, shift_m=dice.between(0.0, 0.3))
    truck = still(ego[-1].x + dice.between(12, 14), -1.0 + dice.between(-0.15, 0.1))
    plan.cast.add("truck", truck, attributes=PARKED, signals=("hazard",))
    truths = plan.truths(
        *(layout, weather),
        risk=5,
        drivable_area_status="restricted_by_static_obstacle",
        primary_challenge="occlusion_risk",
        ego_required_action="nudge_around_static_obstacle",
        blocking_factor="vehicle",
        description="A parked truck stands partly in the ego lane.",
    )
    description = f"Parked truck in lane, go around on the {plan.left}"
    return plan.story("parked_truck", description, layout, weather, ego, truths=truths)


def traffic(plan: Plan) -> Story:
    """Ordinary traffic: a car ahead, others on the other side."""
    dice = plan.dice
    layout = Layout(oncoming=1, parking_right=True, verge="pavement")
    weather = plan.daylight()
    speed = dice.between(6.5, 7.5)
    ego = plan.ego(*(speed,) * 6)
    own = (ego[-1].x - ego[0].x) / (STEP_S * (FRAMES - 1))
    plan.cast.add(dice.choice(("car", "suv", "van")), moving(dice.between(20, 26), 0.0, own))
    plan.oncoming(layout, most=3)
    plan.parked(layout)
    truths = plan.truths(
        *(layout, weather),
        risk=1,
        lead_vehicle_behavior="nominal",
        description="Ordinary traffic; a vehicle ahead drives steadily.",
    )
    return plan.story("traffic", "Following a car, parked cars", layout, weather, ego, truths=truths)
