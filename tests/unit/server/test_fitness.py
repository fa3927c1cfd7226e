"""Which profile a machine can run, why not the others, and which to take."""

import pytest

from indexer.models import FileState, ProfileState
from indexer.profiles import load_profile, shipped_profiles
from server.doctor import profile_advice, profile_check
from server.fitness import Fit, Machine, cards_in, fit, measure

BARE = Machine(memory_gib=15.4)
LAPTOP = Machine(memory_gib=15.4, extras=("vision", "llama"))
STATION = Machine(
    memory_gib=31.2, gpu="RTX 4090", gpu_memory_gib=23.99, extras=("vision", "llama"), llama_uses_gpu=True
)


def state(name: str, *, here: bool) -> ProfileState:
    path = "/cache/file" if here else None
    files = tuple(
        FileState(reference=file.reference, role=file.role, path=path, size_bytes=10**9)
        for file in load_profile(name).files()
    )
    return ProfileState(profile=name, description="", files=files)


def fits(machine: Machine, *, here: bool) -> dict[str, Fit]:
    return {name: fit(load_profile(name), state(name, here=here), machine) for name in shipped_profiles()}


def test_a_machine_with_little_runs_what_needs_nothing():
    found = fits(BARE, here=False)
    assert found["weights-free"].ready
    assert found["rtx-3090"].lacks == ("no GPU found, and it needs one with 24 GiB",)
    assert found["cpu-small"].steps == (
        "pip install 'semantic-drive-search[llama]'",
        "semdrive models pull --profile cpu-small",
    )


def test_a_24_gb_card_is_one_though_its_driver_reports_less():
    assert fits(STATION, here=True)["rtx-3090"].ready
    small = STATION.model_copy(update={"gpu": "RTX 4080", "gpu_memory_gib": 15.99})
    assert fits(small, here=True)["rtx-3090"].lacks == ("RTX 4080 has 16.0 GiB, and it needs 24",)


def test_a_llama_cpp_built_for_processors_is_said_on_a_machine_with_a_card():
    built_for_processors = STATION.model_copy(update={"llama_uses_gpu": False})
    found = fits(built_for_processors, here=True)["rtx-3090"]
    (step,) = found.steps
    assert "GGML_CUDA=on" in step
    assert profile_check(found, servers=False).detail == "would fit: packages missing, or built without the card"


def test_too_little_memory_is_a_lack():
    assert fits(Machine(memory_gib=3.9, extras=("llama",)), here=True)["cpu-small"].lacks == (
        "3.9 GiB of memory, and it needs 8",
    )


@pytest.mark.parametrize(
    ("machine", "here", "detail", "remedy"),
    [
        (
            BARE,
            False,
            "use weights-free; cpu-small would fit after",
            "pip install 'semantic-drive-search[llama]' and semdrive models pull --profile cpu-small",
        ),
        (LAPTOP, True, "use cpu-small", None),
        (STATION, True, "use rtx-3090", None),
        (STATION, False, "use weights-free; rtx-3090 would fit after", "semdrive models pull --profile rtx-3090"),
        (Machine(memory_gib=1.0), True, "no shipped profile fits this machine as it is", None),
    ],
)
def test_the_best_profile_is_advised_and_the_better_one_that_would_fit(machine, here, detail, remedy):
    advice = profile_advice(list(fits(machine, here=here).values()))
    assert (advice.detail, advice.remedy) == (detail, remedy)


def test_each_line_says_why_not_or_what_to_do():
    found = fits(BARE, here=False)
    assert profile_check(found["rtx-3090"], servers=False).detail.startswith("does not fit: no GPU found")
    small = profile_check(found["cpu-small"], servers=False)
    assert small.detail == "would fit: 2 model files missing (2.0 GB)"
    assert small.remedy is not None
    assert profile_check(found["server"], servers=True).detail == "fits, if its model servers answer"
    assert {profile_check(one, servers=False).status for one in found.values()} <= {"fine", "note"}


def test_cards_are_read_from_what_the_driver_lists():
    listing = "24576, NVIDIA GeForce RTX 3090\n[N/A], NVIDIA GB10\n 143771 , NVIDIA H200\nNo devices were found\n"
    assert cards_in(listing) == [("NVIDIA GeForce RTX 3090", 24.0), ("NVIDIA H200", 143771 / 1024)]


def test_this_machine_can_be_measured():
    machine = measure()
    assert machine.memory_gib is None or machine.memory_gib > 0
    assert (machine.gpu is None) == (machine.gpu_memory_gib is None)
