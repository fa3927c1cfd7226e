"""The vehicle of the sample drive: three front cameras, where they sit, and when they look."""

from dataclasses import dataclass

from indexer.logs.sample.dice import Dice
from indexer.logs.sample.geometry import CameraModel, Spot, View, camera_model
from indexer.logs.sample.script import FRAMES, STEP_S, Story

CHANNELS = ("CAM_FRONT", "CAM_FRONT_LEFT", "CAM_FRONT_RIGHT")
_MOUNTINGS = {
    "CAM_FRONT": ((1.72, 0.0, 1.51), 0.0),
    "CAM_FRONT_LEFT": ((1.57, 0.50, 1.50), 55.0),
    "CAM_FRONT_RIGHT": ((1.58, -0.50, 1.51), -55.0),
}
OFFSET_S = {"CAM_FRONT": 0.0, "CAM_FRONT_LEFT": -0.008, "CAM_FRONT_RIGHT": 0.008}


def rig(seed: int) -> dict[str, CameraModel]:
    """The calibrated cameras by channel; every vehicle's sit a little differently."""
    dice = Dice(seed, "rig")
    cameras = {}
    for channel, ((x, y, z), yaw) in _MOUNTINGS.items():
        position = (x + dice.noise(0.01), y + dice.noise(0.01), z + dice.noise(0.01))
        cameras[channel] = camera_model(channel, position, yaw + dice.noise(0.3), 0.4 + dice.noise(0.2))
    return cameras


def ego_at(story: Story, frame: int, offset_s: float = 0.0) -> Spot:
    """The ego in the scene frame, `offset_s` after a key frame: on the line between that key frame and the next."""
    other = frame + 1 if (offset_s >= 0 and frame + 1 < FRAMES) or frame == 0 else frame - 1
    here, there = story.ego[frame], story.ego[other]
    share = offset_s / (STEP_S * (other - frame))
    spot = Spot(
        here.x + share * (there.x - here.x),
        here.y + share * (there.y - here.y),
        here.heading + share * (there.heading - here.heading),
    )
    return story.place(spot)


@dataclass(frozen=True)
class Shot:
    """One picture to be taken."""

    story: Story
    frame: int
    camera: CameraModel

    @property
    def ego(self) -> Spot:
        return ego_at(self.story, self.frame, OFFSET_S[self.camera.name])

    @property
    def view(self) -> View:
        return self.camera.seen_from(self.ego)
