"""What is said of frames after they were indexed: by scouts that are asked again, and by people who review them."""

import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

from scenario.answers import Outcome, Revision, Said, Verification
from scenario.assembly import load_scenarios
from scenario.errors import ConfigError, UnknownToken
from scenario.ledger import Ledger
from scenario.protocols import Cancel
from scenario.records import Scenario
from scenario.reviews import Review
from scenario.vocabulary import Tag
from scenario.workspace import Workspace
from search.results import Hit
from server.asking import asked_of, told
from server.proposals import Proposal, accept, proposals
from verifier.live import Limits, LiveVerifier
from verifier.verifying import Asked


class SecondLooks:
    """The part of the engine that writes to the ledger. Safe to share between threads."""

    def __init__(self, workspace: Workspace, make_verifier: Callable[[Workspace], LiveVerifier]) -> None:
        self.workspace = workspace
        self._make_verifier = make_verifier
        self._verifier: LiveVerifier | None = None
        self._opening = threading.Lock()

    def scenarios(self, tokens: Sequence[str], what: str = "reading scenarios") -> list[Scenario]:
        """The engine's: scenarios of frames, in their order."""
        raise NotImplementedError

    def known_keys(self, tokens: Sequence[str]) -> dict[str, str]:
        """The engine's: token → the ledger's key of its scenario, of those frames that are in the index."""
        raise NotImplementedError

    # Asking again

    def verify(
        self,
        hits: Iterable[Hit | str],
        question: str | Asked,
        *,
        limits: Limits | None = None,
        fresh: bool = False,
        cancel: Cancel | None = None,
    ) -> Generator[Verification, None, None]:
        """Have scouts look at hits, or tokens, again, asked `question`: a query, of which words and filter must hold.

        Yields each verification as it comes, kept in the ledger before; what the ledger knows is not asked again,
        unless `fresh`. Leaving early, `cancel`, or the deadline in `limits` ends every call under way. Raises
        `QueryError`, `UnknownToken`, `NoLedger` and `ConfigError`, before the first is asked for.
        """
        ledger_file, asked = self.workspace.require_ledger("verifying"), asked_of(question)
        tokens = list(dict.fromkeys(hit if isinstance(hit, str) else hit.token for hit in hits))
        scenarios = self.scenarios(tokens)
        return told(self._live(), ledger_file, scenarios, asked, limits or Limits(), cancel or Cancel(), fresh=fresh)

    def _live(self) -> LiveVerifier:
        with self._opening:
            if self._verifier is None:
                self._verifier = self._make_verifier(self.workspace)
            return self._verifier

    def close(self) -> None:
        """Let go of the scouts' models; the engine opens them again where it is used again."""
        if self._verifier is not None:
            self._verifier.close()

    # What was verified, and what came of it

    def verifications(
        self,
        *,
        token: str | None = None,
        question: str | None = None,
        verdict: Outcome | None = None,
        limit: int | None = None,
        undone: bool = False,
    ) -> list[Verification]:
        """Newest first, of a frame, a question, a verdict; with `undone`, those that were undone, too."""
        with Ledger(self.workspace.require_ledger("verifications"), read_only=True) as ledger:
            return ledger.verifications(token=token, question=question, verdict=verdict, limit=limit, undone=undone)

    def undo_verification(self, number: int, who: str) -> Verification:
        """Take a verification back: it stays in the ledger and counts no more. Raises `WorkspaceError`."""
        with Ledger(self.workspace.require_ledger("undoing")) as ledger:
            return ledger.undo_verification(number, who)

    def proposals(self, tokens: Sequence[str] | None = None) -> list[Proposal]:
        """Facts that the latest look at a frame saw otherwise than the index holds them, newest first."""
        with Ledger(self.workspace.require_ledger("proposals"), read_only=True) as ledger:
            seen, revisions = ledger.changed(tokens), ledger.revisions()
            found = [one.token for one in seen]
            words, keys = ledger.tag_words(found), self.known_keys(found)
            scenarios = dict(zip(keys, load_scenarios(ledger, list(keys.values())), strict=True))
        return proposals(seen, scenarios, keys, revisions, words)

    def accept_proposal(self, token: str, who: str) -> Revision:
        """Accept what is proposed for a frame: a revision, which the next build of the index takes up.

        Raises `WorkspaceError` where nothing is proposed, `ConfigError` where nobody is named.
        """
        found = self.proposals([token])
        with Ledger(self.workspace.require_ledger("proposals")) as ledger:
            return accept(ledger, token, found, who)

    # What people say

    def review(
        self,
        tokens: Sequence[str],
        who: str,
        *,
        holds: Sequence[Tag] = (),
        does_not_hold: Sequence[Tag] = (),
    ) -> list[Review]:
        """A person's word on tags of frames, all of them or none; the next build of the index takes it up.

        Raises `ConfigError` where nothing is said or nobody is named, `UnknownToken` and `NoLedger`.
        """
        said = Review(token="", who=who.strip(), holds=tuple(holds), does_not_hold=tuple(does_not_hold))
        with self._ledger_for(tokens, "reviews") as ledger:
            return ledger.append_reviews(said.model_copy(update={"token": token}) for token in dict.fromkeys(tokens))

    def decide(self, tokens: Sequence[str], who: str, question: str | Asked, verdict: Said) -> list[Verification]:
        """A person's own verdict on a question, of each frame, all of them or none.

        It counts as the latest look, and scouts are not asked about that frame again unless they are asked afresh.
        Raises as `review`, and `QueryError`.
        """
        if not who.strip():
            raise ConfigError("a verdict is a person's word; say whose: who, or --who NAME")
        asked = asked_of(question).question
        with self._ledger_for(tokens, "reviews") as ledger:
            return ledger.append_verifications(
                [
                    Verification(token=token, question=asked, verdict=verdict, who=who.strip())
                    for token in dict.fromkeys(tokens)
                ]
            )

    def reviews(self, tokens: Sequence[str] | None = None) -> list[Review]:
        """What people said of tags, of some frames or of all, oldest first."""
        with Ledger(self.workspace.require_ledger("reviews"), read_only=True) as ledger:
            return ledger.reviews(tokens)

    def tag_words(self, tokens: Sequence[str]) -> Mapping[str, Mapping[Tag, bool]]:
        """Token → what people said last of its tags: whether each holds."""
        with Ledger(self.workspace.require_ledger("reviews"), read_only=True) as ledger:
            return ledger.tag_words(tokens)

    def _ledger_for(self, tokens: Sequence[str], what: str) -> Ledger:
        """To write to, of frames that are all in the index."""
        known = self.known_keys(list(dict.fromkeys(tokens)))
        for token in tokens:
            if token not in known:
                raise UnknownToken(token)
        return Ledger(self.workspace.require_ledger(what))
