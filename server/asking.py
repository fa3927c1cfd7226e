"""Asking again, for the engine: which scouts look, at what, and the ledger as their memory."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from indexer.live import last_invocation, profile_of, scouts_of
from indexer.profiles import DEFAULT, Profile, load_profile
from scenario.answers import Verification
from scenario.errors import NoRunYet, QueryError
from scenario.ledger import Ledger
from scenario.protocols import Cancel
from scenario.records import Scenario
from scenario.workspace import Workspace
from search.chips import read_words
from search.query import Filter, conjunction, of_the_frame, parse
from verifier.live import Limits, LiveVerifier
from verifier.verifying import Asked


def verifier_of(workspace: Workspace, profile: str | None = None) -> LiveVerifier:
    """The scouts of a profile; without one, those that the workspace's last run on a log had, else the weights-free.

    They decide by vote, whatever judge the profile names: a judge that is a model would be one more call a frame, only
    to read what is weighed here anyway. Raises what a profile that cannot be used raises.
    """
    return LiveVerifier(scouts_of(load_profile(profile) if profile else _profile_of_last_run(workspace)))


def _profile_of_last_run(workspace: Workspace) -> Profile:
    try:
        invocation = last_invocation(workspace)
    except NoRunYet:  # an index of recorded reports: no profile ever looked at its frames
        return load_profile(DEFAULT)
    return profile_of(invocation)


def asked_of(question: str | Asked) -> Asked:
    """A query, filter or words or both, as a question; with what the index reads out of its words."""
    if isinstance(question, Asked):
        return question
    query = parse(question)
    return Asked.of(query, _read_out_of(query.text))


def asked_in(words: str | None, where: str | None) -> Asked:
    """A question in plain words, whatever they would mean in a query, and a filter. Raises `QueryError` for a filter
    that is none."""
    words = " ".join((words or "").split())
    query = parse(where or "")
    if query.text:
        at = (where or "").find(query.text.split()[0])
        meant = " or ".join(chip.text for chip in read_words(query.text).chips)
        hint = f"{f'did you mean {meant}? ' if meant else ''}A question in words goes into --question"
        raise QueryError("words are no filter", where or "", max(at, 0), max(at, 0) + len(query.text), hint)
    return Asked(words, of_the_frame(query).filter, _read_out_of(words))


def _read_out_of(words: str) -> Filter | None:
    return conjunction([chip.filter for chip in read_words(words).chips]) if words else None


def told(
    verifier: LiveVerifier,
    ledger_file: Path,
    scenarios: Sequence[Scenario],
    asked: Asked,
    limits: Limits,
    cancel: Cancel,
    *,
    fresh: bool,
) -> Generator[Verification, None, None]:
    """A live pass over a ledger that is open while the pass runs, and no longer.

    A frame that a person decided on is told first and not looked at, unless `fresh`.
    """
    with Ledger(ledger_file) as ledger:
        scenarios = scenarios[: limits.top]
        decided = [] if fresh else ledger.decided([one.frame.token for one in scenarios], asked.question)
        yield from decided
        if limits.stop_after is not None:
            wanted = limits.stop_after - sum(one.verdict == "yes" for one in decided)
            if wanted <= 0:
                return
            limits = replace(limits, stop_after=wanted)
        known = {one.token for one in decided}
        left = [one for one in scenarios if one.frame.token not in known]
        passing = verifier.verify(left, asked, limits=limits, memory=ledger, fresh=fresh, cancel=cancel)
        with closing(passing):
            yield from passing
