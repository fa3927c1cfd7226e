"""Verifies frames without end, and says each token when its verdict is told: a process for a test to kill.

python tests/killed_verifier.py ENDPOINT PICTURE LEDGER
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from drives import scenario
from scenario.ledger import Ledger
from scenario.records import Camera
from verifier.live import LiveVerifier
from verifier.scouts.vision import openai_scout
from verifier.verifying import Asked


def main(endpoint: str, picture: str, ledger_file: str) -> None:
    frames = [scenario(f"t{number}", cameras={"CAM_FRONT": Camera(image=picture)}) for number in range(2000)]
    verifier = LiveVerifier([openai_scout(name="remote", endpoints=[endpoint], thinking="none", concurrency=2)])
    with Ledger(Path(ledger_file)) as ledger:
        for verification in verifier.verify(frames, Asked(words="is a man in the lane?"), memory=ledger):
            sys.stdout.write(verification.token + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
