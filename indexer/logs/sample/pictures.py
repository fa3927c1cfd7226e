"""All pictures of a drive, taken by at most two processes; which one takes a picture changes nothing in it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from indexer.logs.sample.geometry import CameraModel
from indexer.logs.sample.rig import Shot
from indexer.logs.sample.script import FRAMES
from indexer.logs.sample.studio import Studio
from indexer.logs.sample.tables import Staged

JPEG_QUALITY = 88
WORKERS = 2
ALONE = 2
Job = tuple[Staged, Mapping[str, CameraModel], str]


def write_pictures(
    directory: Path,
    scenes: Sequence[Staged],
    rig: Mapping[str, CameraModel],
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Take every picture. `progress` gets (pictures done, of all) after each scene."""
    for channel in rig:
        (directory / "samples" / channel).mkdir(parents=True)
    jobs: list[Job] = [(scene, rig, str(directory)) for scene in scenes]
    total, each = len(jobs) * FRAMES * len(rig), FRAMES * len(rig)
    for done, _ in enumerate(_results(jobs), start=1):
        if progress is not None:
            progress(done * each, total)


def _results(jobs: Sequence[Job]) -> Iterator[None]:
    """The jobs done, in any processes. A few are done here: starting others would take longer."""
    if len(jobs) <= ALONE:
        yield from map(take_scene, jobs)
        return
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        yield from pool.map(take_scene, jobs)


def take_scene(job: Job) -> None:
    """The pictures of one scene, from all cameras, at all key frames."""
    scene, rig, directory = job
    studio = Studio(scene)
    for frame in range(FRAMES):
        for channel, camera in rig.items():
            picture = studio.take(Shot(scene.story, frame, camera))
            picture.save(Path(directory) / scene.image(frame, channel), "JPEG", quality=JPEG_QUALITY)
