"""Fetches model files into their caches: sizes asked first, room on the disk checked, cut downloads resumed.

huggingface_hub answers what a file of the hub is (size, digest, commit) and lays out its cache. The bytes go to a
partial file of our own first: from version 2 on, huggingface_hub throws away what a failed download had fetched.
"""

import errno
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from indexer.grounding.detector import PUBLISHED, weights_folder
from indexer.models import KNOWN_BYTES, asset_name, cache_folder, digest, file_state, free_bytes, is_digest, wrong_kind
from indexer.profiles import ModelFile
from scenario.errors import DownloadError, WeightsMissing
from scenario.records import Record
from scenario.weights import HubFile, parse

RESERVE_BYTES = 512 << 20  # left free, for the index and for whatever else writes to this disk
PARTIAL = ".semdrive.incomplete"
HEAD_TIMEOUT_S = 20.0
AGAIN = "run the same command again: it goes on where it stopped"
_ETAG = re.compile(r"[\w-]{1,128}")  # it becomes a file's name

Free = Callable[[Path], int]


class PlannedFile(Record):
    """One file as its host describes it now, and how much of it an earlier pull has fetched. `etag` is the hub's."""

    reference: str
    role: str
    size_bytes: int
    fetched_bytes: int = 0
    url: str
    etag: str | None = None


class PullPlan(Record):
    files: tuple[PlannedFile, ...]
    here: tuple[str, ...]  # references that need no fetching
    folder: str
    free_bytes: int

    @property
    def need_bytes(self) -> int:
        return sum(file.size_bytes - file.fetched_bytes for file in self.files)


class Pulled(Record):
    """What a pull did. `dry_run` only asked."""

    plan: PullPlan
    dry_run: bool = False


def plan_pull(
    files: Sequence[ModelFile],
    *,
    cache: Path | None = None,
    endpoint: str | None = None,
    published: str = PUBLISHED,
    free: Free = free_bytes,
) -> PullPlan:
    """What a pull would fetch: from the hub at `endpoint`, or of ultralytics' release files at `published`.

    Raises `DownloadError` where a host cannot be asked or the disk has no room, and `WeightsMissing` for a local path,
    which nobody can give.
    """
    asked = {file.reference: file for file in files}  # each once, however often it is named
    states = {reference: file_state(file, cache) for reference, file in asked.items()}
    missing = [file for reference, file in asked.items() if not states[reference].here]
    for file in missing:
        if not isinstance(parse(file.reference), HubFile) and not asset_name(file.reference):
            raise WeightsMissing(file.reference, f"and a pull cannot fetch it ({file.role}): it is a local path")
    folder = cache_folder(cache)
    room = free(folder)
    # With the sizes that are known, so that a hopeless pull ends before anybody is asked anything.
    begun = sum(path.stat().st_size for path in folder.glob(f"models--*/blobs/*{PARTIAL}"))
    _require_room(sum(KNOWN_BYTES.get(file.reference, 0) for file in missing) - begun, room, folder)
    plan = PullPlan(
        files=tuple(
            _planned_asset(file, published) if asset_name(file.reference) else _planned(file, folder, endpoint)
            for file in missing
        ),
        here=tuple(reference for reference, state in states.items() if state.here),
        folder=str(folder),
        free_bytes=room,
    )
    _require_room(plan.need_bytes, room, folder)
    return plan


def _require_room(need_bytes: int, room_bytes: int, folder: Path) -> None:
    if need_bytes > 0 and need_bytes + RESERVE_BYTES > room_bytes:
        raise DownloadError(
            f"no room for the download: it needs {need_bytes / 1e9:,.1f} GB and {RESERVE_BYTES / 1e9:.1f} GB to spare, "
            f"and {room_bytes / 1e9:,.1f} GB are free at {folder}; free some, or set HF_HUB_CACHE to a larger disk"
        )


def _planned(file: ModelFile, folder: Path, endpoint: str | None) -> PlannedFile:
    """The file as the hub describes it. Raises `DownloadError`."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    named = _hub_file(file.reference)
    with _errors(named, endpoint):
        found = get_hf_file_metadata(hf_hub_url(named.repository, named.file, endpoint=endpoint), endpoint=endpoint)
    if found.size is None or found.etag is None or found.commit_hash is None or not _ETAG.fullmatch(found.etag):
        raise DownloadError(
            f"{_address(endpoint)} did not say size, version and commit of {named}, so it is no model hub; "
            "check --endpoint and HF_ENDPOINT"
        )
    return PlannedFile(
        reference=file.reference,
        role=file.role,
        size_bytes=found.size,
        fetched_bytes=_begun(_hub_partial(folder, named, found.etag), found.size),
        # The commit's own address: a repository that is changed meanwhile cannot mix two versions in one file.
        url=hf_hub_url(named.repository, named.file, revision=found.commit_hash, endpoint=endpoint),
        etag=found.etag,
    )


def _planned_asset(file: ModelFile, published: str) -> PlannedFile:
    """The release file as its host describes it. Raises `DownloadError`."""
    import httpx

    url = f"{published}/{file.reference}"
    try:
        answer = httpx.head(url, follow_redirects=True, timeout=HEAD_TIMEOUT_S, headers={"Accept-Encoding": "identity"})
        answer.raise_for_status()
        size_bytes = int(answer.headers["Content-Length"])
    except httpx.HTTPStatusError as error:
        raise DownloadError(
            f"{url} answered {error.response.status_code}; check the name {file.reference!r}"
        ) from error
    except httpx.HTTPError as error:
        raise DownloadError(_why(error, file.reference, published)) from error
    except (KeyError, ValueError) as error:
        raise DownloadError(f"{url} did not say its size; fetch it by hand into {weights_folder()}") from error
    begun = _begun(_asset_partial(file.reference), size_bytes)
    return PlannedFile(reference=file.reference, role=file.role, size_bytes=size_bytes, fetched_bytes=begun, url=url)


def _begun(partial: Path, size_bytes: int) -> int:
    fetched = partial.stat().st_size if partial.exists() else 0
    return fetched if fetched <= size_bytes else 0


def fetch(plan: PullPlan, *, cache: Path | None = None, endpoint: str | None = None) -> Iterator[PlannedFile]:
    """Fetch what a plan names, yielding each file when it is in its cache. Raises `DownloadError`; what was fetched
    stays, and the next pull goes on from there."""
    for file in plan.files:
        if file.etag is None:
            _fetch_asset(file)
        else:
            _fetch(file, file.etag, cache_folder(cache), endpoint)
        yield file


def _fetch(file: PlannedFile, etag: str, folder: Path, endpoint: str | None) -> None:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    named = _hub_file(file.reference)
    partial = _hub_partial(folder, named, etag)
    blob = partial.with_name(etag)
    with _errors(named, endpoint):
        with _alone(partial, file.reference):
            if not blob.exists():
                _complete(partial, file, build_hf_headers())
                if is_digest(etag) and digest(partial, etag) != etag:
                    raise _damaged(partial, file.reference, "its content is not what the hub says it is")
                partial.replace(blob)
        # The blob is there, so this fetches nothing: it names it in the repository's newest snapshot.
        hf_hub_download(named.repository, named.file, cache_dir=folder, endpoint=endpoint)


def _fetch_asset(file: PlannedFile) -> None:
    partial, target = _asset_partial(file.reference), weights_folder() / file.reference
    with _errors(file.reference, file.url.rpartition("/")[0]), _alone(partial, file.reference):
        _complete(partial, file, {})
        if fault := wrong_kind(partial, target.suffix):
            raise _damaged(partial, file.reference, fault)
        partial.replace(target)


def _damaged(partial: Path, name: str, fault: str) -> DownloadError:
    partial.unlink()
    return DownloadError(f"{name} arrived damaged: {fault}; run the pull again")


@contextmanager
def _alone(partial: Path, name: str) -> Iterator[None]:
    partial.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(partial.with_name(f"{partial.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise DownloadError(f"another pull is fetching {name}; wait for it, or stop it") from error
    try:
        yield
    finally:
        lock.release()


def _complete(partial: Path, file: PlannedFile, headers: dict[str, str]) -> None:
    """Append to the partial file what it lacks, with a progress bar. What it raises is `_errors`' to name."""
    from huggingface_hub.file_download import http_get

    if partial.exists() and partial.stat().st_size > file.size_bytes:
        partial.unlink()
    with partial.open("ab") as target:
        http_get(
            file.url,
            target,
            resume_size=target.tell(),
            headers={**headers, "Accept-Encoding": "identity"},  # ranges count the file's bytes, not a compression's
            expected_size=file.size_bytes,
            displayed_filename=file.reference.rpartition("/")[2],
        )


@contextmanager
def _errors(named: HubFile | str, endpoint: str | None) -> Iterator[None]:
    """Every way in which a host, the network or the disk can fail, as one `DownloadError` that says what to do."""
    from huggingface_hub import errors

    page = f"{_address(endpoint)}/{named.repository if isinstance(named, HubFile) else named}"
    try:
        yield
    except errors.GatedRepoError as error:
        raise DownloadError(
            f"{named} is gated: accept its terms at {page}, then log in with `hf auth login` or set HF_TOKEN"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise DownloadError(
            f"there is no repository {page} that you may read; check the spelling in the profile, or log in with "
            "`hf auth login` if it is private"
        ) from error
    except errors.LocalEntryNotFoundError as error:  # no answer, and nothing in the cache either
        raise DownloadError(_why(error, named, endpoint)) from error
    except errors.EntryNotFoundError as error:
        raise DownloadError(f"the hub has no file {named}; the repository's files are at {page}/tree/main") from error
    except errors.OfflineModeIsEnabled as error:
        raise DownloadError(f"cannot fetch {named}: HF_HUB_OFFLINE is set; unset it to pull") from error
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        raise DownloadError(f"{_address(endpoint)} answered {status} for {named}; {AGAIN}") from error
    except _failures() as error:
        raise DownloadError(_why(error, named, endpoint)) from error


def _failures() -> tuple[type[Exception], ...]:
    """What the disk and a failed request raise. The HTTP library below depends on huggingface_hub's version, and the
    hub's own error derives from that library's."""
    from huggingface_hub.errors import HfHubHTTPError

    return (OSError, *(base for base in HfHubHTTPError.__bases__ if issubclass(base, Exception)))


def _why(error: BaseException, named: HubFile | str, endpoint: str | None) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full while fetching {named}; free some room, and {AGAIN}"
    if number in (errno.EACCES, errno.EROFS, errno.EPERM):
        return f"cannot write {named} to its cache: {error}; set HF_HUB_CACHE (and XDG_CACHE_HOME) to folders of yours"
    reason = str(error).partition("\n")[0] or type(error).__name__
    return f"the download of {named} from {_address(endpoint)} failed: {reason}; check the network, and {AGAIN}"


def _hub_file(reference: str) -> HubFile:
    named = parse(reference)
    assert isinstance(named, HubFile)  # a plan holds release files, which have no etag, and these
    return named


def _hub_partial(folder: Path, named: HubFile, etag: str) -> Path:
    return folder / f"models--{named.repository.replace('/', '--')}" / "blobs" / f"{etag}{PARTIAL}"


def _asset_partial(name: str) -> Path:
    return weights_folder() / f"{name}{PARTIAL}"


def _address(endpoint: str | None) -> str:
    from huggingface_hub import constants

    return (endpoint or constants.ENDPOINT).rstrip("/")
