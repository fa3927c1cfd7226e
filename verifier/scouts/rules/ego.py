"""How the ego moves: from its poses and their times, nothing else."""

from dataclasses import dataclass
from itertools import pairwise
from math import degrees, hypot

from scenario.geometry import EgoPath, ego_path_of, turned, yaw
from scenario.records import Frame, Pose

STANDING_MPS = 0.5
HARD_BRAKING_MPS2 = 3.0  # twice what drivers use at a red light
EMERGENCY_MPS2 = 4.5  # nobody brakes like this but to save someone
AWAY_DEG = (3.0, 35.0)
ASSUMED_MPS = 8.0  # a town's traffic, where no pose says
LOOK_AHEAD_S = 2.5  # how far into the future braking and swerving are looked for


@dataclass(frozen=True)
class EgoMotion:
    """Speed now, greatest braking soon, and how the path turns. None where the poses do not say."""

    path: EgoPath
    speed_mps: float | None = None
    braking_mps2: float = 0.0  # deceleration now
    braking_soon_mps2: float = 0.0  # greatest deceleration within `LOOK_AHEAD_S`
    turn_deg: float = 0.0  # heading at the path's end against now; left is positive
    bend_deg: float = 0.0  # greatest heading away from now
    will_stand: bool = False  # within `LOOK_AHEAD_S`

    @property
    def stands(self) -> bool:
        return self.speed_mps is not None and self.speed_mps < STANDING_MPS

    @property
    def brakes_hard(self) -> bool:
        return self.braking_mps2 >= HARD_BRAKING_MPS2

    @property
    def waits(self) -> bool:
        """It stands, or brakes to a stand, though not for its life: it will not drive on whatever comes."""
        return self.stands or (self.will_stand and self.braking_mps2 < EMERGENCY_MPS2)

    @property
    def assumed_speed_mps(self) -> float:
        return ASSUMED_MPS if self.speed_mps is None else self.speed_mps

    @property
    def path_length_m(self) -> float:
        return sum(hypot(x2 - x1, y2 - y1) for (x1, y1), (x2, y2) in pairwise(self.path.points_m))

    def turns_away_from(self, lateral_m: float) -> bool:
        """The path bends to the other side, as for a change of lane: more than jitter, less than at a junction."""
        away_deg = -self.turn_deg if lateral_m > 0 else self.turn_deg
        return AWAY_DEG[0] <= away_deg <= AWAY_DEG[1]

    @property
    def turns(self) -> bool:
        """A turn at a junction: the path leaves its present heading for good."""
        return abs(self.turn_deg) > 35

    @property
    def swerves(self) -> bool:
        """The path moves aside and comes back to nearly the heading it has now."""
        return self.bend_deg > 3 and abs(self.turn_deg) < self.bend_deg * 0.7 and self.bend_deg < 35


def motion_of(frame: Frame) -> EgoMotion:
    """The motion of the ego at a frame, from its present and future poses."""
    path = ego_path_of(frame)
    poses = [frame.ego_pose, *frame.ego_path] if frame.ego_pose else []
    speeds = [step for step in _speeds(poses, frame.timestamp_us) if step[0] <= LOOK_AHEAD_S]
    if not speeds:
        return EgoMotion(path)
    headings = _headings(poses) if path.kind == "driven" else [0.0]
    return EgoMotion(
        path,
        speed_mps=speeds[0][1],
        braking_mps2=_braking(speeds[:2]),
        braking_soon_mps2=_braking(speeds),
        turn_deg=headings[-1],
        bend_deg=max(abs(heading) for heading in headings),
        will_stand=min(speed for _, speed in speeds) < STANDING_MPS,
    )


def _speeds(poses: list[Pose], first_us: int | None) -> list[tuple[float, float]]:
    """(seconds from now, metres per second) of each step between poses that have times."""
    steps = []
    start_us = None
    for one, two in pairwise(poses):
        one_us = one.timestamp_us if one.timestamp_us is not None else first_us
        if one_us is None or two.timestamp_us is None or two.timestamp_us <= one_us:
            continue
        start_us = one_us if start_us is None else start_us
        dx, dy = (two.translation_m[axis] - one.translation_m[axis] for axis in (0, 1))
        middle_s = ((one_us + two.timestamp_us) / 2 - start_us) / 1e6
        steps.append((middle_s, hypot(dx, dy) / ((two.timestamp_us - one_us) / 1e6)))
    return steps


def _braking(speeds: list[tuple[float, float]]) -> float:
    """The greatest deceleration between neighbouring steps, in m/s²; 0 where the ego does not slow down."""
    return max([0.0, *((one[1] - two[1]) / (two[0] - one[0]) for one, two in pairwise(speeds))])


def _headings(poses: list[Pose]) -> list[float]:
    """Each pose's heading against the first one's, in degrees."""
    first = yaw(poses[0].rotation_wxyz)
    return [degrees(turned(yaw(pose.rotation_wxyz) - first)) for pose in poses]
