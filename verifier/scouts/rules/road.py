"""What kind of road it is, how the lane goes on, and whether it is free."""

from math import radians

from scenario.vocabulary import DrivableAreaStatus, LaneConfiguration, SceneType
from verifier.scouts.rules.finding import Finding
from verifier.scouts.rules.people import Conduct
from verifier.scouts.rules.scene import Scene
from verifier.scouts.rules.works import Extent

HIGHWAY_MPS = 22.0  # 80 km/h: no town allows it
CURVE_DEG, CURVE_RADIUS_M = 3.0, 400.0
STRAIGHT_DEG = 1.5
SIDE_M = 0.3


def scene_type(scene: Scene) -> Finding[SceneType | None]:
    speed, said = scene.situation.motion.speed_mps or 0.0, scene.situation.hints.only("scene_type")
    if scene.works.extent is Extent.CLOSES:
        return Finding(SceneType.CONSTRUCTION_ZONE, scene.works.because)
    if scene.junction.is_one:
        return Finding(SceneType.INTERSECTION, scene.junction.because)
    if speed > HIGHWAY_MPS:
        return Finding(SceneType.HIGHWAY, f"the ego drives {speed * 3.6:.0f} km/h")
    if said is not None and said != SceneType.INTERSECTION:
        return Finding(SceneType(said), "the scene's description")
    if scene.people or any(vehicle.stands for vehicle in scene.situation.vehicles):
        return Finding(SceneType.URBAN_STREET, "people about or vehicles at rest, town speed, no junction")
    return Finding(None)


def lane_configuration(scene: Scene) -> Finding[LaneConfiguration | None]:
    motion, hints = scene.situation.motion, scene.situation.hints
    if scene.works.extent is Extent.CLOSES and (merging := _merge(scene)):
        return merging
    if words := hints.says("lane_configuration", LaneConfiguration.ROUNDABOUT):
        return Finding(LaneConfiguration.ROUNDABOUT, f"the description says {words!r}")
    if scene.junction.is_one:
        tee = hints.says("lane_configuration", LaneConfiguration.INTERSECTION_T_JUNCTION)
        kind = LaneConfiguration.INTERSECTION_T_JUNCTION if tee else LaneConfiguration.INTERSECTION_4WAY
        return Finding(kind, scene.junction.because)
    if motion.path.kind == "straight":
        return Finding(None, "the ego hardly moves")
    radius = motion.path_length_m / max(radians(abs(motion.turn_deg)), 1e-6)
    if abs(motion.turn_deg) >= CURVE_DEG and radius <= CURVE_RADIUS_M:
        return Finding(LaneConfiguration.CURVE, f"the driven path turns by {motion.turn_deg:.0f}°")
    if motion.bend_deg <= STRAIGHT_DEG:
        return Finding(LaneConfiguration.STRAIGHT, f"the driven path turns by {motion.bend_deg:.0f}° at most")
    return Finding(None, "the driven path bends a little")


def _merge(scene: Scene) -> Finding[LaneConfiguration | None] | None:
    """Away from the side on which the works stand when the ego has passed them by."""
    sides = [thing.lateral_m for thing in scene.works.things if thing.lateral_m is not None]
    mean = sum(sides) / len(sides) if sides else 0.0
    if abs(mean) < SIDE_M:
        return None
    side = LaneConfiguration.MERGE_RIGHT if mean > 0 else LaneConfiguration.MERGE_LEFT
    return Finding(side, f"the path passes the works on their {'right' if mean > 0 else 'left'}")


def drivable_area(scene: Scene) -> Finding[DrivableAreaStatus]:
    people = [person for person in scene.people if person.conduct in (Conduct.IN_PATH, Conduct.ENTERS)]
    if people:
        return Finding(DrivableAreaStatus.BLOCKED_BY_DYNAMIC_OBJECT, people[0].because)
    if scene.lead.is_bus_at_stop:
        return Finding(DrivableAreaStatus.BLOCKED_BY_DYNAMIC_OBJECT, scene.lead.behavior.because)
    if scene.animals.extent is Extent.CLOSES:
        return Finding(DrivableAreaStatus.BLOCKED_BY_DYNAMIC_OBJECT, scene.animals.because)
    if scene.in_the_way is not None:
        return Finding(DrivableAreaStatus.RESTRICTED_BY_STATIC_OBSTACLE, scene.in_the_way.because)
    if scene.lead.blocks:
        return Finding(DrivableAreaStatus.RESTRICTED_BY_STATIC_OBSTACLE, scene.lead.behavior.because)
    if scene.obstacle is not None:
        return Finding(DrivableAreaStatus.RESTRICTED_BY_STATIC_OBSTACLE, scene.obstacle.place)
    if Extent.NARROWS in (scene.works.extent, scene.debris.extent):
        found = max(scene.works, scene.debris, key=lambda one: one.extent)
        return Finding(DrivableAreaStatus.RESTRICTED_BY_STATIC_OBSTACLE, found.because)
    return Finding(DrivableAreaStatus.NOMINAL, "nothing in the lane")
