"""What stands in the log that the tests of the nuScenes reader break, and how they read it."""

from indexer.logs.nuscenes import NuScenesLog
from logs import MadeBox, MadeLog

PERSON = MadeBox(ahead_m=12.0, left_m=1.0, attributes=("pedestrian.standing",), level="v60-80")
CAR = MadeBox("vehicle.car", 20.0, -3.0, (4.5, 1.9, 1.6), velocity_mps=(6.0, 0.5), attributes=("vehicle.moving",))


def read(made: MadeLog, **options: object) -> NuScenesLog:
    return NuScenesLog.open(made.dataroot, made.version, **options)  # type: ignore[arg-type]
