"""Every error a user may see. The command line prints the message and exits 2; anything else is a bug.

SemdriveError
  + ConfigError
  |   + UnknownBackend
  |   + MissingExtra
  |   + ProfileError
  |   + WeightsMissing
  |   + NoRunYet
  + InputError
  |   + LineUnreadable
  |   + InventoryUnreadable
  |   + LogUnreadable
  |   + ImageUnreadable
  + ScoutError
  |   + ReportMissing
  |   + ModelUnavailable
  |   + ReplyCut
  |   + ReplyInvalid
  |   + DeadlinePassed
  + JudgeError
  + DownloadError
  + QueryError
  + WorkspaceError
  |   + NoWorkspace
  |   + NoLedger
  |   + WorkspaceBusy
  + StoreError
  |   + NoIndex
  |   + IndexMismatch
  |   + UnknownToken
  |   + SearchExpired
  + EmbeddingError
  + ExportError
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TypeVar
from unicodedata import east_asian_width

from scenario.texts import in_place

T = TypeVar("T", bound=str)


def did_you_mean(wrong: str, known: Iterable[str]) -> str | None:
    """The known name nearest to `wrong`, or None when nothing is near."""
    names = [str(name) for name in known]  # an enum's member is shown as its value
    folded = {name.casefold(): name for name in names}
    matches = get_close_matches(wrong.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None


def unknown(kind: str, wrong: str, known: Iterable[str]) -> str:
    """The sentence for a name that does not exist: what, which value, the nearest one, all that are allowed."""
    names = sorted(known)
    near = did_you_mean(wrong, names)
    hint = f"; did you mean {near!r}?" if near else "."
    return f"no {kind} named {wrong!r}{hint} Known: {', '.join(names)}"


class SemdriveError(Exception):
    """Base of every error a user may see; its message is shown without a traceback."""

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders, and their constructors take more than a message.
        return _rebuilt, (type(self), self.args, dict(self.__dict__))


def one_of(kind: str, name: str, known: Iterable[T]) -> T:
    """The one of `known` that is called `name`. Raises `ConfigError`, which says what there is."""
    found = {str(each): each for each in known}
    if name not in found:
        raise ConfigError(unknown(kind, name, found))
    return found[name]


def _rebuilt(kind: type[SemdriveError], args: tuple[object, ...], state: dict[str, object]) -> SemdriveError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class ConfigError(SemdriveError):
    """A setting, an environment variable or a flag that cannot be used."""


class UnknownBackend(ConfigError):
    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        super().__init__(unknown(kind, name, known))


class MissingExtra(ConfigError):
    def __init__(self, kind: str, name: str, extra: str) -> None:
        super().__init__(f"{kind} {name!r} needs the extra '{extra}': pip install 'semantic-drive-search[{extra}]'")


class ProfileError(ConfigError):
    """A profile that does not exist, or that says what no back end understands."""


class WeightsMissing(ConfigError):
    """A model's file that is not on this machine. The message says how to get it."""

    def __init__(self, reference: str, remedy: str) -> None:
        super().__init__(f"the model file {reference!r} is not on this machine; {remedy}")
        self.reference = reference


class NoRunYet(ConfigError):
    """A workspace without a run on a log: there is nothing to repeat."""

    def __init__(self, location: str) -> None:
        super().__init__(f"{location!r} has no run on a log to repeat; name one: semdrive index nuscenes --dataroot …")


class InputError(SemdriveError):
    """A file that cannot be read as what it was given for."""


class LineUnreadable(InputError):
    """One line of a JSONL file; the lines around it are unaffected."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(f"{path}:{line}: {reason}")
        self.path, self.line, self.reason = path, line, reason


class InventoryUnreadable(InputError):
    """An inventory text that does not follow `[CAMERA]: N label (Size/conf, …); …` or `[CAMERA]: Clear`."""


class LogUnreadable(InputError):
    """A table, a map or another part of a driving log; `token` is the frame it is about, None for the whole log."""

    def __init__(self, path: str, reason: str, token: str | None = None) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason, self.token = path, reason, token


class ImageUnreadable(InputError):
    """A camera's picture that is missing, damaged or no picture."""

    def __init__(self, path: str, reason: str, token: str | None = None) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason, self.token = path, reason, token


class ScoutError(SemdriveError):
    """A scout that could not report on a frame."""


class ReportMissing(ScoutError):
    """A recorded run that holds no line for a frame: the scout did not answer, which is no failure of the run."""

    def __init__(self, scout: str, token: str) -> None:
        super().__init__(f"the recorded run of scout {scout!r} has no line for frame {token}")


class ModelUnavailable(ScoutError):
    """A model that cannot be reached or loaded, whatever the frame: the frames after this one will fail too."""


class ReplyCut(ScoutError):
    """A reply that reached its token budget before it was whole."""


class ReplyInvalid(ScoutError):
    """A reply that does not follow the schema it was asked for."""


class DeadlinePassed(ScoutError):
    """A reply that did not come in time."""


class JudgeError(SemdriveError):
    """A judge that could not propose: the scouts then vote."""


class DownloadError(SemdriveError):
    """A model file that could not be fetched: no network, no such file, no room on the disk."""


class QueryError(SemdriveError):
    """A query that does not parse or names something that does not exist.

    `start` and `end` are offsets into `source` (half open); `hint` says what to write instead.
    """

    def __init__(self, message: str, source: str, start: int, end: int, hint: str | None = None) -> None:
        self.message, self.source, self.hint = message, source, hint
        self.start = max(0, min(start, len(source)))
        self.end = max(self.start + 1, end)
        super().__init__(message)

    def __str__(self) -> str:
        """The message, the line of the query it is about with a caret under the place, and the hint."""
        begin = self.source.rfind("\n", 0, self.start) + 1
        line = in_place(self.source[begin:].partition("\n")[0].replace("\t", " "))
        before, marked = line[: self.start - begin], line[self.start - begin : self.end - begin]
        caret = " " * _columns(before) + "^" * max(1, _columns(marked))
        lines = [self.message, f"  {line}", f"  {caret}"]
        return "\n".join([*lines, self.hint] if self.hint else lines)


def _columns(text: str) -> int:
    """How many columns a terminal gives a text: two for wide characters."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


class WorkspaceError(SemdriveError):
    """A workspace directory that cannot be used."""


class NoWorkspace(WorkspaceError):
    def __init__(self, location: str) -> None:
        super().__init__(
            f"no workspace at {location!r}; make one with: semdrive index nuscenes --dataroot DIR --index {location}"
        )


class NoLedger(WorkspaceError):
    """The index is open, but what was asked for lives in the ledger, which this replica lacks."""

    def __init__(self, what: str, location: str) -> None:
        super().__init__(
            f"{what} needs the ledger, and {location!r} is an index without one; open the workspace it was built in"
        )


class WorkspaceBusy(WorkspaceError):
    def __init__(self, location: str) -> None:
        super().__init__(f"another indexer is writing to {location!r}; wait for it to end, or name another --index")


class StoreError(SemdriveError):
    """The LanceDB index cannot answer."""


class NoIndex(StoreError):
    def __init__(self, uri: str) -> None:
        super().__init__(f"no finished index at {uri!r}; run semdrive index, which resumes where it stopped")


class IndexMismatch(StoreError):
    """The index was written by another schema or embedder than the one reading it."""


class UnknownToken(StoreError):
    def __init__(self, token: str) -> None:
        super().__init__(f"no frame with token {token!r} in this index")


class SearchExpired(StoreError):
    def __init__(self, search_id: str) -> None:
        super().__init__(f"search {search_id!r} is no longer cached; run the query again")


class EmbeddingError(SemdriveError):
    """A model that cannot be loaded, or a vector that cannot be stored (wrong shape, zero, or not finite)."""


class ExportError(SemdriveError):
    """What a format cannot hold, or a file that cannot be written."""
