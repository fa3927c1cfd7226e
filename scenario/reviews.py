"""The part of the ledger that remembers what people said of frames in passing: tags that hold, and tags that do not.

A word on one tag stands until the same or another person says otherwise; every one of them is kept.
"""

import json
from collections.abc import Iterable, Mapping, Sequence

from pydantic import model_validator

from scenario.errors import ConfigError
from scenario.records import Record
from scenario.tables import Tables
from scenario.vocabulary import Tag

REVIEW_TABLES = """
CREATE TABLE IF NOT EXISTS reviews (
    id INTEGER PRIMARY KEY, token TEXT NOT NULL, who TEXT NOT NULL, payload TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS reviews_by_token ON reviews(token, id);
"""
TagWords = Mapping[Tag, bool]  # what people said of a frame's tags: whether each holds
TOKENS_AT_ONCE = 500


class Review(Record):
    """One person's word on some tags of one frame. The next build of the index takes it up."""

    token: str
    who: str
    holds: tuple[Tag, ...] = ()
    does_not_hold: tuple[Tag, ...] = ()
    id: int | None = None
    created_at: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Review":
        both = [tag for tag in self.holds if tag in self.does_not_hold]
        if both:
            raise ConfigError(f"tag {both[0]!r} is said to hold and not to hold; say one of them")
        if not (self.holds or self.does_not_hold):
            raise ConfigError("this review says nothing; name a tag that holds, or one that does not")
        if not self.who.strip():
            raise ConfigError("a review is a person's word; say whose: who, or --who NAME")
        return self


def with_tag_words(tags: Iterable[Tag], words: TagWords) -> tuple[Tag, ...]:
    """Tags after what people said of them, in the vocabulary's order."""
    held = set(tags)
    return tuple(tag for tag in Tag if words.get(tag, tag in held))


class ReviewTables(Tables):
    """Mixed into `Ledger`."""

    def append_reviews(self, reviews: Iterable[Review]) -> list[Review]:
        """Kept for good when this returns, all of them or none; with their numbers and time."""
        now, kept = self._now(), []
        with self._transaction():
            for review in reviews:
                payload = review.model_dump_json(exclude={"id", "created_at"})
                cursor = self._db.execute(
                    "INSERT INTO reviews (token, who, payload, created_at) VALUES (?, ?, ?, ?)",
                    (review.token, review.who, payload, now),
                )
                kept.append(review.model_copy(update={"id": cursor.lastrowid, "created_at": now}))
        return kept

    def reviews(self, tokens: Sequence[str] | None = None) -> list[Review]:
        """Of some frames, or of all, oldest first."""
        if not self._has("reviews"):
            return []
        select = "SELECT id, payload, created_at FROM reviews"
        if tokens is None:
            rows = self._read(f"{select} ORDER BY id")
        else:
            rows = []
            for start in range(0, len(tokens), TOKENS_AT_ONCE):
                part = tokens[start : start + TOKENS_AT_ONCE]
                rows += self._read(f"{select} WHERE token IN ({','.join('?' * len(part))})", part)
        return sorted((_review(*row) for row in rows), key=lambda one: one.id or 0)

    def tag_words(self, tokens: Sequence[str] | None = None) -> dict[str, dict[Tag, bool]]:
        """Token → what was said last of each of its tags that anybody spoke of."""
        words: dict[str, dict[Tag, bool]] = {}
        for review in self.reviews(tokens):
            said = words.setdefault(review.token, {})
            said |= dict.fromkeys(review.holds, True) | dict.fromkeys(review.does_not_hold, False)
        return words


def _review(number: int, payload: str, created_at: str) -> Review:
    return Review.model_validate({**json.loads(payload), "id": number, "created_at": created_at})
