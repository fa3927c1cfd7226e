"""Which profile this machine can run, and why not the others."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from importlib.util import find_spec

from indexer.models import FileState, ProfileState
from indexer.profiles import Profile
from scenario.records import Record

EXTRAS = {"vision": "ultralytics", "llama": "llama_cpp"}  # extra → the module that it brings
BEST_FIRST = ("rtx-3090", "cpu-small", "weights-free")  # `server` is a choice, not a matter of what the machine has

# Firmware and drivers keep some for themselves: a "24 GB" card reports 22.5 to 24.0 GiB, a "16 GB" laptop 15.3.
_GPU_SHARE, _MEMORY_SHARE = 0.93, 0.9


class Machine(Record):
    """What there is. `gpu_memory_gib` is the largest card's; None where no card was found."""

    memory_gib: float | None = None
    gpu: str | None = None
    gpu_memory_gib: float | None = None
    extras: tuple[str, ...] = ()
    llama_uses_gpu: bool = False  # whether the llama.cpp that is installed was built for one


class Fit(Record):
    """How a profile fits a machine. `lacks` cannot be helped with a command; `steps` are commands that would help."""

    profile: str
    lacks: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    missing_files: tuple[FileState, ...] = ()

    @property
    def possible(self) -> bool:
        return not self.lacks

    @property
    def ready(self) -> bool:
        return self.possible and not self.steps


def fit(profile: Profile, state: ProfileState, machine: Machine) -> Fit:
    """Compare what a profile needs with what there is. Pure; `state` says which of its files are here."""
    missing = state.missing
    return Fit(
        profile=profile.name,
        lacks=tuple(_lacks(profile, machine)),
        steps=tuple(_steps(profile, missing, machine)),
        missing_files=missing,
    )


def _lacks(profile: Profile, machine: Machine) -> Iterator[str]:
    needs = profile.needs
    if machine.gpu_memory_gib is None and needs.gpu_memory_gib:
        yield f"no GPU found, and it needs one with {needs.gpu_memory_gib:g} GiB"
    elif needs.gpu_memory_gib and (machine.gpu_memory_gib or 0) < needs.gpu_memory_gib * _GPU_SHARE:
        yield f"{machine.gpu} has {machine.gpu_memory_gib:.1f} GiB, and it needs {needs.gpu_memory_gib:g}"
    if machine.memory_gib is not None and machine.memory_gib < needs.memory_gib * _MEMORY_SHARE:
        yield f"{machine.memory_gib:.1f} GiB of memory, and it needs {needs.memory_gib:g}"


def _steps(profile: Profile, missing: tuple[FileState, ...], machine: Machine) -> Iterator[str]:
    absent = [extra for extra in profile.needs.extras if extra not in machine.extras]
    if absent:
        yield f"pip install 'semantic-drive-search[{','.join(absent)}]'"
    if profile.needs.gpu_memory_gib and "llama" in profile.needs.extras and not machine.llama_uses_gpu:
        # The usual wheel runs on the processor, at a twentieth of the speed, and says nothing.
        yield "CMAKE_ARGS=-DGGML_CUDA=on pip install --force-reinstall --no-cache-dir llama-cpp-python"
    if missing:
        yield f"semdrive models pull --profile {profile.name}"


def recommended(fits: Sequence[Fit]) -> tuple[Fit | None, Fit | None]:
    """The best profile that runs now, and a better one that would after its steps; None where there is none."""
    order = {name: rank for rank, name in enumerate(BEST_FIRST)}
    ranked = sorted((one for one in fits if one.profile in order and one.possible), key=lambda one: order[one.profile])
    now = next((one for one in ranked if one.ready), None)
    better = next(
        (one for one in ranked if not one.ready and (now is None or order[one.profile] < order[now.profile])), None
    )
    return now, better


def measure() -> Machine:
    """This machine."""
    extras = tuple(extra for extra, module in EXTRAS.items() if find_spec(module) is not None)
    gpu, gpu_memory_gib = _gpu()
    return Machine(
        memory_gib=memory_gib(),
        gpu=gpu,
        gpu_memory_gib=gpu_memory_gib,
        extras=extras,
        llama_uses_gpu=gpu is not None and "llama" in extras and _llama_uses_gpu(),
    )


def memory_gib() -> float | None:
    """All there is, in use or not. None where the system does not say."""
    if not hasattr(os, "sysconf"):
        return None
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _gpu() -> tuple[str | None, float | None]:
    """The card with the most memory. The driver is asked first: a torch built for processors sees no card."""
    if shutil.which("nvidia-smi"):
        command = ["nvidia-smi", "--query-gpu=memory.total,name", "--format=csv,noheader,nounits"]
        try:
            answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        except (OSError, subprocess.TimeoutExpired):  # a driver that does not answer is no card to count on
            return None, None
        if cards := cards_in(answer.stdout):
            return max(cards, key=lambda card: card[1])
    import torch

    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(0)
        return properties.name, properties.total_memory / 2**30
    return None, None


def cards_in(listing: str) -> list[tuple[str, float]]:
    """Names and GiB in what nvidia-smi lists as `MiB, name`. Cards that do not tell their memory are left out."""
    cards = []
    for line in listing.splitlines():
        memory_mib, comma, name = line.partition(",")
        if comma and memory_mib.strip().isdigit():
            cards.append((name.strip(), int(memory_mib) / 1024))
    return cards


def _llama_uses_gpu() -> bool:
    from llama_cpp import llama_supports_gpu_offload

    return bool(llama_supports_gpu_offload())
