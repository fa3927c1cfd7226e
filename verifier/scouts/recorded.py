"""Scout reports of an earlier run, as released: one JSON object a line."""

import json
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

from scenario.errors import InputError, LineUnreadable, ReportMissing
from scenario.protocols import Deadline
from scenario.records import Frame, Grounding, ScoutReport
from scenario.wire import WireFacts


@dataclass(frozen=True)
class LineRef:
    """Where a frame's line is, and a digest of its bytes, so that a changed line is noticed."""

    number: int
    offset: int
    length: int
    digest: str


@dataclass
class RecordedRun:
    """A JSONL file of reports, scanned once: token → line. Lines are read again when they are needed."""

    path: Path
    lines: dict[str, LineRef] = field(default_factory=dict)
    unreadable: list[LineUnreadable] = field(default_factory=list)

    @classmethod
    def scan(cls, path: Path) -> "RecordedRun":
        """Raises `InputError` when the file cannot be opened; a bad line goes to `unreadable` and the rest goes on."""
        run = cls(path)
        if path.exists() and not path.is_file():
            raise InputError(
                f"{str(path)!r} is no regular file; name a JSONL file of scout reports, not a pipe or folder"
            )
        offset = 0
        try:
            with path.open("rb") as file:
                for number, line in enumerate(file, start=1):
                    if line.strip():
                        run._add(number, offset, line)
                    offset += len(line)
        except OSError as error:
            raise InputError(
                f"cannot read {str(path)!r}: {error.strerror}; name a JSONL file of scout reports"
            ) from error
        return run

    def _add(self, number: int, offset: int, line: bytes) -> None:
        try:
            token = _token(_parse(line))
            if token in self.lines:
                raise ValueError(f"frame {token} again; line {self.lines[token].number} is kept")
        except ValueError as error:
            self.unreadable.append(LineUnreadable(str(self.path), number, str(error)))
            return
        digest = blake2b(line.strip(), digest_size=16).hexdigest()
        self.lines[token] = LineRef(number, offset, len(line), digest)

    def read(self, token: str, file: BinaryIO) -> dict[str, Any]:
        """The object of one frame, from a file opened by `open`. Raises `LineUnreadable` if the file was changed."""
        ref = self.lines[token]
        file.seek(ref.offset)
        line = file.read(ref.length)
        if blake2b(line.strip(), digest_size=16).hexdigest() != ref.digest:
            raise LineUnreadable(str(self.path), ref.number, "the file changed while it was read; run again")
        return _parse(line)

    def open(self) -> BinaryIO:
        return self.path.open("rb")


def _parse(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line.rstrip())
        # JSON can hold half a surrogate pair, which is no text and could be stored nowhere.
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON at column {error.colno}: {error.msg}") from error
    except UnicodeError as error:
        raise ValueError(f"not UTF-8: {error}") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError(f"a {type(value).__name__}, not an object")
    return value


def _token(wire: dict[str, Any]) -> str:
    token = wire.get("token")
    if not isinstance(token, str) or not token.strip():
        raise ValueError(f"'token' is {token!r}; a frame's line needs its token as text")
    return token


@dataclass
class RecordedScout:
    """A scout whose reports were written earlier. It has never seen pixels here, so it answers no questions."""

    name: str
    run: RecordedRun
    fingerprint: str = "recorded-1"
    concurrency: int = 1
    _file: BinaryIO | None = field(default=None, repr=False)

    def inputs(self, frame: Frame, grounding_key: str) -> tuple[str, ...]:
        """The frame's line and nothing else: what was recorded does not depend on the grounding of today."""
        return (self._line(frame).digest,)

    def _line(self, frame: Frame) -> LineRef:
        if frame.token not in self.run.lines:
            raise ReportMissing(self.name, frame.token)
        return self.run.lines[frame.token]

    def report(self, frame: Frame, grounding: Grounding, *, deadline: Deadline) -> ScoutReport:
        """Raises `ReportMissing` for a frame the run has no line for."""
        self._line(frame)
        self._file = self._file or self.run.open()
        wire = self.run.read(frame.token, self._file)
        read = WireFacts(wire)
        return ScoutReport(
            scout=self.name,
            model=_stated(wire.get("model_source")),
            facts=read.facts,
            reasoning=_stated(wire.get("_reasoning_trace")),
            irregularities=read.irregularities,
        )

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None


def _stated(raw: Any) -> str | None:
    return raw if isinstance(raw, str) and raw.strip() not in ("", "None") else None
