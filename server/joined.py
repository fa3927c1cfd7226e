"""What the ledger knows of an index's frames, joined at query time: verified, refuted, by any question or by one.

Verdicts are kept as one byte a frame until a verification or an undo changes them; new ones are added to what is kept.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from scenario.answers import Outcome
from scenario.errors import QueryError, WorkspaceError
from scenario.ledger import Ledger
from scenario.verifications import question_key
from scenario.workspace import Workspace
from search.corpus import Corpus
from search.query import Filter, OneOf, Stated, parse, question_of
from search.query.ast import asks_ledger, leaves
from search.retrieval import Answered
from search.selection import Mask

Codes = npt.NDArray[np.int8]  # of each frame: one of CODES; 0: never asked, or no verdict came of it
CODES = {"yes": 1, "no": 2, "unsure": 3}
BY_STATE: dict[str, Outcome] = {"verified": "yes", "refuted": "no"}
QUESTIONS_KEPT = 64
NEAR_QUESTIONS = 3
Version = tuple[int, int]


@dataclass
class _Kept:
    version: Version
    codes: Codes


@dataclass
class Verdicts:
    """The verdicts of a workspace's ledger. Safe to share between threads."""

    workspace: Workspace
    _corpus: Corpus | None = None
    _kept: dict[str | None, _Kept] = field(default_factory=dict)  # None: of any question
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def states(self, corpus: Corpus, source: str, node: Filter | None) -> Callable[[str, str | None], Mask]:
        """The states that `node` may ask about, for `search.selection`. Raises `NoLedger`, and `QueryError` for a
        question that nobody asked."""
        if asks_ledger(node):
            with self._ledger(_field(node)) as ledger:
                for leaf in leaves(node):
                    if isinstance(leaf, OneOf) and leaf.field in BY_STATE:
                        _check(ledger, source, leaf)
        return lambda name, value: self._mask(corpus, name, value)

    def version(self, node: Filter | None, *, needed: bool = False) -> Version | None:
        """What a search that asks the ledger depends on; None for one that does not. Raises `NoLedger`."""
        if not (needed or asks_ledger(node)):
            return None
        with self._ledger(_field(node)) as ledger:
            return ledger.states_version()

    def reranked(self, corpus: Corpus, answered: Answered, question: str, *, named: bool) -> Answered:
        """Confirmed frames first, refuted ones last, by the latest verdict on a question; else as they were ranked.

        With `named`, the user named it, so one that nobody asked is a `QueryError`.
        """
        if named:
            with self._ledger("re-ranking") as ledger:
                if not ledger.was_asked(_as_asked(ledger, question)):
                    raise _nobody_asked(ledger, question, question, (0, len(question)))
        found = self._codes(corpus, question)[answered.order]
        group = np.where(found == CODES["yes"], 0, np.where(found == CODES["no"], 2, 1))
        by = np.argsort(group, kind="stable")
        scores = answered.scores[by] if len(answered.scores) else answered.scores
        return replace(answered, order=answered.order[by], scores=scores)

    def of(self, tokens: Sequence[str], question: str) -> dict[str, str]:
        """Token → the latest verdict on a question; nothing where there is no ledger, or nothing was asked."""
        if not question or not tokens or self.workspace.ledger is None or not self.workspace.ledger.is_file():
            return {}
        try:
            with self._ledger("verdicts") as ledger:
                return ledger.verdicts_of(tokens, question)
        except WorkspaceError:  # a search that asks nothing of the ledger does not fail with it; what asks it says why
            return {}

    def _mask(self, corpus: Corpus, name: str, value: str | None) -> Mask:
        if name == "is":
            codes = self._codes(corpus, None)
            if value in BY_STATE:
                return np.asarray(codes == CODES[BY_STATE[value]], dtype=np.bool_)
            return np.isin(codes, [CODES[verdict] for verdict in BY_STATE.values()], invert=True)
        verdict = BY_STATE[name]
        if value is not None:
            return np.asarray(self._codes(corpus, value) == CODES[verdict], dtype=np.bool_)
        with self._ledger(f"{name}:") as ledger:
            places = corpus.places(ledger.ever(verdict))
        return corpus.mask(places[places >= 0])

    def _codes(self, corpus: Corpus, question: str | None) -> Codes:
        with self._lock, self._ledger("verdicts") as ledger:
            question = None if question is None else _as_asked(ledger, question)
            key = None if question is None else question_key(question)
            if self._corpus is not corpus:
                self._corpus, self._kept = corpus, {}
            version = ledger.states_version()  # before the verdicts: what comes in between is read twice, not never
            kept = self._kept.pop(key, None)
            if kept is None or kept.version[1] != version[1]:  # what was undone may have hidden an earlier one
                kept = _Kept((0, version[1]), np.zeros(len(corpus), dtype=np.int8))
            if kept.version != version:
                kept = _Kept(version, _added(corpus, kept.codes, ledger.verdicts(question, after=kept.version[0])))
            self._kept[key] = kept
            while len(self._kept) > QUESTIONS_KEPT:
                del self._kept[next(iter(self._kept))]
            return kept.codes

    def _ledger(self, what: str) -> Ledger:
        return Ledger(self.workspace.require_ledger(what), read_only=True)


def _field(node: Filter | None) -> str:
    """What asks the ledger, as an error names it."""
    asking = [f"{leaf.field}:" for leaf in leaves(node) if isinstance(leaf, OneOf | Stated) and asks_ledger(leaf)]
    return asking[0] if asking else "re-ranking"


def _added(corpus: Corpus, codes: Codes, verdicts: dict[str, str]) -> Codes:
    """The codes with later verdicts in their places; a copy, for a search may be reading the others."""
    places = corpus.places(list(verdicts))
    said = pa.array(list(verdicts.values()), pa.string()).dictionary_encode()
    by_said = np.asarray([CODES[name] for name in said.dictionary.to_pylist()], dtype=np.int8)
    added, known = codes.copy(), places >= 0  # a frame that an earlier index held may be gone
    if len(places):
        added[places[known]] = by_said[said.indices.to_numpy()][known]
    return added


def _check(ledger: Ledger, source: str, asked: OneOf) -> None:
    """Refuse a question that nobody asked: nothing could be in that state, and a typing error would look like that."""
    spans = asked.spans or ((0, len(source)),) * len(asked.values)
    for question, span in zip(asked.values, spans, strict=True):
        if not ledger.was_asked(_as_asked(ledger, str(question))):
            raise _nobody_asked(ledger, str(question), source, span)


def _as_asked(ledger: Ledger, question: str) -> str:
    """A question as the ledger has it: as it is written, or, where it reads as a query, in canonical spelling."""
    if ledger.was_asked(question):
        return question
    try:
        return question_of(parse(question))
    except QueryError:  # words that are no query are words
        return question


def _nobody_asked(ledger: Ledger, question: str, source: str, span: tuple[int, int]) -> QueryError:
    asked = {question_key(one.question): one.question for one in ledger.questions()}  # the latest first
    near = get_close_matches(question_key(question), asked, n=NEAR_QUESTIONS, cutoff=0.5)
    if near:
        hint = f"did you mean {' or '.join(_quoted(asked[key]) for key in near)}?"
    elif asked:
        hint = f"asked last: {', '.join(map(_quoted, list(asked.values())[:NEAR_QUESTIONS]))}"
    else:
        hint = "no question was asked yet; search --verify asks one"
    return QueryError(f"nobody asked {question!r} yet", source, *span, hint)


def _quoted(question: str) -> str:
    escaped = question.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
