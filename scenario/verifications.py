"""The part of the ledger that remembers second looks: verifications, what was undone, and revisions of facts.

Append-only, like all of the ledger: an undo is a line of its own, and so is an accepted revision.
"""

import json
from collections.abc import Sequence
from typing import NamedTuple

from scenario.answers import Outcome, Revision, Verification
from scenario.errors import WorkspaceError
from scenario.tables import Tables

TABLES = """
CREATE TABLE IF NOT EXISTS verifications (
    id INTEGER PRIMARY KEY, token TEXT NOT NULL, question TEXT NOT NULL, verdict TEXT NOT NULL,
    payload TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS verification_keys (
    id INTEGER PRIMARY KEY REFERENCES verifications(id), key TEXT NOT NULL, question_key TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS undos (
    id INTEGER PRIMARY KEY, verification INTEGER NOT NULL UNIQUE, who TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS revisions (
    id INTEGER PRIMARY KEY, token TEXT NOT NULL, payload TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS verifications_by_token ON verifications(token, id);
CREATE INDEX IF NOT EXISTS verifications_by_key ON verification_keys(key, id);
CREATE INDEX IF NOT EXISTS verifications_by_question ON verification_keys(question_key, id);
"""
_COUNTS = "v.verdict != 'error' AND v.id NOT IN (SELECT verification FROM undos)"

_OF_A_QUESTION = (
    "SELECT v.token, v.verdict FROM verification_keys k JOIN verifications v ON v.id = k.id WHERE k.question_key = ?"
)


class AskedBefore(NamedTuple):
    """A question that was put, how often, and when last."""

    question: str
    times: int
    latest: str


def question_key(text: str) -> str:
    """How questions are compared: case, runs of white space and the last mark make no other question."""
    return " ".join(text.casefold().split()).rstrip("?.! ")


class VerificationTables(Tables):
    """Mixed into `Ledger`."""

    # Verifications

    def append_verification(self, verification: Verification) -> Verification:
        """Kept for good when this returns; with its number and time."""
        (kept,) = self.append_verifications([verification])
        return kept

    def append_verifications(self, verifications: Sequence[Verification]) -> list[Verification]:
        """As `append_verification`, all of them or none."""
        now, appended = self._now(), []
        with self._transaction():
            for one in verifications:
                kept = one.model_copy(update={"id": None, "created_at": now, "remembered": False})
                cursor = self._db.execute(
                    "INSERT INTO verifications (token, question, verdict, payload, created_at) VALUES (?, ?, ?, ?, ?)",
                    (kept.token, kept.question, kept.verdict, kept.to_bytes().decode(), now),
                )
                self._db.execute(
                    "INSERT INTO verification_keys (id, key, question_key) VALUES (?, ?, ?)",
                    # What was cut short is kept, and is no answer to the same question asked again.
                    (cursor.lastrowid, kept.key if kept.complete else "", question_key(kept.question)),
                )
                appended.append(kept.model_copy(update={"id": cursor.lastrowid}))
        return appended

    def recall(self, key: str) -> Verification | None:
        """The latest verification under a key that is complete, came to a verdict and was not undone.

        Where other scouts answered the same question since, it is appended once more: what is told is the latest.
        """
        if not key:
            return None
        rows = self._read(
            f"SELECT v.id, v.payload FROM verification_keys k JOIN verifications v ON v.id = k.id"
            f" WHERE k.key = ? AND {_COUNTS} ORDER BY v.id DESC LIMIT 1",
            (key,),
        )
        if not rows:
            return None
        known = _verification(*rows[0])
        since = self._read(
            f"SELECT 1 FROM verification_keys k JOIN verifications v ON v.id = k.id WHERE v.token = ?"
            f" AND k.question_key = ? AND v.id > ? AND {_COUNTS} LIMIT 1",
            (known.token, question_key(known.question), known.id),
        )
        told = self.append_verification(known) if since else known
        return told.model_copy(update={"remembered": True})

    def decided(self, tokens: Sequence[str], question: str) -> list[Verification]:
        """Of each frame the latest verdict on a question, where it is a person's: nobody need look again."""
        found = []
        for token in tokens:
            latest = [one for one in self.verifications(token=token, question=question) if one.verdict != "error"][:1]
            found += [one.model_copy(update={"remembered": True}) for one in latest if one.who]
        return found

    def verifications(
        self,
        *,
        token: str | None = None,
        question: str | None = None,
        verdict: Outcome | None = None,
        limit: int | None = None,
        undone: bool = False,
    ) -> list[Verification]:
        """Newest first; with `undone`, those that were undone, too."""
        if not self._has("verification_keys"):
            return []
        wanted = {"v.token = ?": token, "v.verdict = ?": verdict}
        wanted["k.question_key = ?"] = None if question is None else question_key(question)
        given = {clause: value for clause, value in wanted.items() if value is not None}
        clauses = [*given, *([] if undone else ["v.id NOT IN (SELECT verification FROM undos)"])]
        where = f" WHERE {' AND '.join(clauses)}" if clauses else ""
        rows = self._read(
            "SELECT v.id, v.payload FROM verifications v JOIN verification_keys k ON k.id = v.id"
            f"{where} ORDER BY v.id DESC LIMIT ?",
            (*given.values(), -1 if limit is None else limit),
        )
        return [_verification(*row) for row in rows]

    def changed(self, tokens: Sequence[str] | None = None) -> list[Verification]:
        """Of each frame, or of those named, the latest verification that counts and saw facts; those that saw changes,
        or whose frame has a revision, newest first."""
        if not self._has("verification_keys"):
            return []
        among = "" if tokens is None else f" AND v.token IN ({','.join('?' * len(tokens))})"
        rows = self._read(
            "SELECT id, payload FROM (SELECT v.id, v.payload, max(v.id) FROM verifications v"
            f" WHERE {_COUNTS} AND json_extract(v.payload, '$.facts_now') IS NOT NULL{among} GROUP BY v.token)"
            " WHERE json_array_length(payload, '$.changes') > 0"
            " OR json_extract(payload, '$.token') IN (SELECT token FROM revisions) ORDER BY id DESC",
            tuple(tokens or ()),
        )
        return [_verification(*row) for row in rows]

    def undo_verification(self, number: int, who: str) -> Verification:
        """Take it back: it stays, and counts no more. Raises `WorkspaceError` where there is none, or none any more."""
        rows = self._read("SELECT id, payload FROM verifications WHERE id = ?", (number,))
        if not rows:
            raise WorkspaceError(f"no verification has the number {number}; semdrive verifications lists them")
        with self._transaction():
            undone = self._db.execute("SELECT who, created_at FROM undos WHERE verification = ?", (number,)).fetchone()
            if undone:
                by = f" by {undone[0]}" if undone[0] else ""
                raise WorkspaceError(f"verification {number} was undone before{by}, at {undone[1]}")
            self._db.execute(
                "INSERT INTO undos (verification, who, created_at) VALUES (?, ?, ?)", (number, who, self._now())
            )
        return _verification(*rows[0])

    def verdicts(self, question: str | None = None, *, after: int = 0) -> dict[str, str]:
        """Token → the verdict of its latest verification that came to one and was not undone; of one question only,
        or of any; of those with a number above `after`."""
        if not self._has("verification_keys"):
            return {}
        if question is None:
            rows = self._read(
                f"SELECT v.token, v.verdict FROM verifications v WHERE v.id > ? AND {_COUNTS} ORDER BY v.id", (after,)
            )
        else:
            rows = self._read(
                f"{_OF_A_QUESTION} AND k.id > ? AND {_COUNTS} ORDER BY k.id", (question_key(question), after)
            )
        return dict(rows)

    def verdicts_of(self, tokens: Sequence[str], question: str) -> dict[str, str]:
        """As `verdicts` of a question, of a page of frames: as fast however much was verified."""
        if not self._has("verification_keys"):
            return {}
        marks = ",".join("?" * len(tokens))
        # The + keeps SQLite from going through all that was ever verified of the question.
        return dict(
            self._read(
                "SELECT v.token, v.verdict FROM verifications v JOIN verification_keys k ON k.id = v.id"
                f" WHERE v.token IN ({marks}) AND +k.question_key = ? AND {_COUNTS} ORDER BY v.id",
                (*tokens, question_key(question)),
            )
        )

    def ever(self, verdict: Outcome) -> list[str]:
        """The frames of which the latest verdict on any one question is this."""
        if not self._has("verification_keys"):
            return []
        rows = self._read(
            "SELECT DISTINCT token FROM (SELECT v.token, v.verdict, max(v.id) FROM verifications v"
            f" JOIN verification_keys k ON k.id = v.id WHERE {_COUNTS} GROUP BY v.token, k.question_key)"
            " WHERE verdict = ?",
            (verdict,),
        )
        return [token for (token,) in rows]

    def was_asked(self, question: str) -> bool:
        key = question_key(question)
        return self._has("verification_keys") and bool(
            self._read("SELECT 1 FROM verification_keys WHERE question_key = ? LIMIT 1", (key,))
        )

    def states_version(self) -> tuple[int, int]:
        """Changes whenever a verdict may have: the latest verification, and the latest undo."""
        if not self._has("undos"):
            return (0, 0)
        ((last, undone),) = self._read(
            "SELECT (SELECT coalesce(max(id), 0) FROM verifications), (SELECT coalesce(max(id), 0) FROM undos)"
        )
        return int(last), int(undone)

    def questions(self) -> list[AskedBefore]:
        """Every question that was put, the latest first."""
        if not self._has("verification_keys"):
            return []
        return [
            AskedBefore(*row)
            for row in self._read(
                "SELECT v.question, count(*), max(v.created_at) FROM verification_keys k JOIN verifications v"
                " ON v.id = k.id GROUP BY k.question_key ORDER BY max(v.id) DESC"
            )
        ]

    # Revisions

    def append_revision(self, revision: Revision) -> Revision:
        now = self._now()
        with self._transaction():
            cursor = self._db.execute(
                "INSERT INTO revisions (token, payload, created_at) VALUES (?, ?, ?)",
                (revision.token, revision.model_dump_json(exclude={"id", "created_at"}), now),
            )
        return revision.model_copy(update={"id": cursor.lastrowid, "created_at": now})

    def revisions(self) -> dict[str, Revision]:
        """Token → its latest revision; one whose verification was undone since is none."""
        if not self._has("revisions"):
            return {}
        undone = {number for (number,) in self._read("SELECT verification FROM undos")}
        revised: dict[str, Revision] = {}
        for number, payload, at in self._read("SELECT id, payload, created_at FROM revisions ORDER BY id"):
            one = Revision.model_validate({**json.loads(payload), "id": number, "created_at": at})
            if one.verification not in undone:
                revised[one.token] = one
        return revised


def _verification(number: int, payload: str) -> Verification:
    return Verification.model_validate_json(payload).model_copy(update={"id": number})
