"""Ctrl-C while a model server keeps every request waiting."""

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import count
from threading import Barrier

from chat import report_text
from logs import write_log
from model_server import PATIENCE_S, ModelServer, hangs, reply
from shell import HEEDING_INTERRUPTS

ANSWERED, AT_ONCE = 6, 4

PROFILE = """
name = "waiting"
[grounder]
backend = "annotations"
[[scouts]]
name = "vision"
backend = "openai"
[scouts.options]
endpoints = [{endpoint}]
concurrency = {at_once}
timeout_s = 300
"""


def test_an_interrupt_ends_the_calls_under_way_and_keeps_every_answer(tmp_path):
    log = write_log(tmp_path / "log", frames=20)
    numbers, all_wait = count(1), Barrier(AT_ONCE + 1, timeout=6 * PATIENCE_S)

    def answers_some(exchange):
        if next(numbers) <= ANSWERED:
            exchange.send(reply(report_text()))
        else:
            all_wait.wait()
            hangs(exchange)

    with ModelServer(answers_some) as server:
        profile = tmp_path / "waiting.toml"
        profile.write_text(PROFILE.format(endpoint=json.dumps(server.endpoint), at_once=AT_ONCE))
        arguments = ("--dataroot", str(log.dataroot), "--version", log.version, "--profile", str(profile))
        command = [sys.executable, "-m", "semdrive", "index", "nuscenes", *arguments, "--index", str(tmp_path / "w")]
        heeding = [*HEEDING_INTERRUPTS, *command]
        with subprocess.Popen(heeding, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            all_wait.wait()
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=PATIENCE_S)  # the calls themselves may take 300 s

    assert process.returncode == 130
    assert "what was finished is kept" in said
    assert "Traceback" not in said
    with closing(sqlite3.connect(tmp_path / "w" / "ledger.sqlite")) as ledger:
        stored = dict(ledger.execute("SELECT stage, count(*) FROM results GROUP BY stage"))
    assert stored == {"ground": 20, "report vision": ANSWERED}
