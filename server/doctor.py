"""Is this installation whole, and is the workspace? Each check says what it found and what to do."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from scenario.errors import NoWorkspace, SemdriveError
from scenario.ledger import Ledger
from scenario.records import Record
from scenario.workspace import Workspace
from server.fitness import EXTRAS, Fit, fit, measure, memory_gib, recommended

Status = Literal["fine", "note", "broken"]
CORE = ("lancedb", "pyarrow", "numpy", "sentence-transformers", "torch", "nuscenes-devkit", "fastapi")


class Check(Record):
    name: str
    status: Status
    detail: str
    remedy: str | None = None


def examine(index: str, embedder: str) -> list[Check]:
    """Every check, in the order in which things depend on each other."""
    return [*_machine(), *_packages(), _embedder(embedder), *_profiles(), *_workspace(index)]


def _machine() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check(name="python", status="fine", detail=version)
    memory = memory_gib()
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    size = f"{memory:.0f} GiB memory, " if memory else ""
    remedy = "free some disk space before indexing" if free < 1 else None
    detail = f"{os.cpu_count()} cores, {size}{free:.0f} GiB free here"
    yield Check(name="machine", status="note" if remedy else "fine", detail=detail, remedy=remedy)


def _packages() -> Iterator[Check]:
    for name in CORE:
        try:
            yield Check(name=name, status="fine", detail=metadata.version(name))
        except metadata.PackageNotFoundError:
            remedy = "pip install semantic-drive-search"
            yield Check(name=name, status="broken", detail="not installed", remedy=remedy)
    for extra, module in EXTRAS.items():
        if find_spec(module) is None:
            remedy = f"only for live models: pip install 'semantic-drive-search[{extra}]'"
            yield Check(name=f"extra {extra}", status="note", detail="not installed", remedy=remedy)
        else:
            yield Check(name=f"extra {extra}", status="fine", detail="installed")


def _embedder(model: str) -> Check:
    from search.embedding import SentenceEmbedder

    try:
        embedder = SentenceEmbedder(model)
        vector = embedder.embed(["a pedestrian steps into the lane"])[0]
    except SemdriveError as error:
        return Check(name="embedder", status="broken", detail=str(error), remedy="set `embedder` to a model that loads")
    return Check(name="embedder", status="fine", detail=f"{embedder.fingerprint}, {len(vector)} dimensions")


def _profiles() -> Iterator[Check]:
    """For each shipped profile whether this machine can run it, and which is the best to run."""
    from indexer.models import profile_state
    from indexer.profiles import load_profile, shipped_profiles

    machine = measure()
    profiles = [load_profile(name) for name in shipped_profiles()]
    fits = [fit(profile, profile_state(profile), machine) for profile in profiles]
    for profile, one in zip(profiles, fits, strict=True):
        yield profile_check(one, servers=bool(profile.endpoints()))
    yield profile_advice(fits)


def profile_check(found: Fit, *, servers: bool) -> Check:
    """One profile's line. A profile that does not fit is no fault of the installation."""
    name = f"profile {found.profile}"
    if found.lacks:
        return Check(name=name, status="note", detail=f"does not fit: {'; '.join(found.lacks)}")
    if found.steps:
        gb = sum(file.size_bytes or 0 for file in found.missing_files) / 1e9
        files = f"{len(found.missing_files)} model files missing ({gb:,.1f} GB)"
        lacking = files if found.missing_files else "packages missing, or built without the card"
        return Check(name=name, status="note", detail=f"would fit: {lacking}", remedy=" and ".join(found.steps))
    if servers:
        remedy = f"semdrive models check --profile {found.profile}"
        return Check(name=name, status="fine", detail="fits, if its model servers answer", remedy=remedy)
    return Check(name=name, status="fine", detail="fits")


def profile_advice(fits: Sequence[Fit]) -> Check:
    now, better = recommended(fits)
    detail = f"use {now.profile}" if now else "no shipped profile fits this machine as it is"
    if better is None:
        return Check(name="recommended profile", status="fine" if now else "note", detail=detail)
    remedy = " and ".join(better.steps)
    return Check(
        name="recommended profile", status="fine", detail=f"{detail}; {better.profile} would fit after", remedy=remedy
    )


def _workspace(index: str) -> Iterator[Check]:
    try:
        workspace = Workspace.open(index)
    except NoWorkspace as error:
        yield Check(name="workspace", status="note", detail=f"none at {index}", remedy=str(error))
        return
    except SemdriveError as error:
        yield Check(name="workspace", status="broken", detail=str(error))
        return
    yield Check(name="workspace", status="fine", detail=f"{workspace.location} → {workspace.index_uri}")
    yield _ledger(workspace)
    yield from _index(workspace)


def _ledger(workspace: Workspace) -> Check:
    if workspace.ledger is None:
        return Check(name="ledger", status="note", detail="none: this is a read-only replica")
    try:
        with Ledger(workspace.ledger, read_only=True) as ledger:
            if faults := ledger.check():
                return Check(
                    name="ledger", status="broken", detail="; ".join(faults[:3]), remedy="restore it from a copy"
                )
            counts, runs = ledger.counts(), ledger.runs()
            failed = len(ledger.failures(runs[-1]["id"])) if runs else 0
    except SemdriveError as error:
        return Check(name="ledger", status="broken", detail=str(error), remedy="restore it from a copy, or index anew")
    detail = f"{sum(counts.values()):,} results of {len(counts)} stages; {failed} failures in the last run"
    return Check(name="ledger", status="fine", detail=detail)


def _index(workspace: Workspace) -> Iterator[Check]:
    from search.embedding import embedder_of
    from server.engine import Engine

    try:
        stats = Engine(workspace, embedder_of).stats()
        embedder_of(stats["embedder"])
    except SemdriveError as error:
        yield Check(name="index", status="broken", detail=str(error), remedy="run semdrive index")
        return
    detail = f"{stats['frames']:,} frames, version {stats['table_version']}, {stats['embedder']}"
    yield Check(name="index", status="fine", detail=detail)
    stale = [entry["name"] for entry in stats["indexes"] if entry["unindexed_rows"]]
    if stale:
        yield Check(
            name="index entries", status="broken", detail=f"rows missing in {', '.join(stale)}", remedy="index again"
        )
