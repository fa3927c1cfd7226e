"""One shape for everything that goes wrong, in the same words as the command line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from scenario.errors import (
    DownloadError,
    EmbeddingError,
    ModelUnavailable,
    NoWorkspace,
    QueryError,
    SearchExpired,
    SemdriveError,
    StoreError,
    UnknownToken,
    WeightsMissing,
    WorkspaceError,
)
from scenario.records import Record
from server.api.text import printable

# The nearest class of an error decides.
STATUS: dict[type[Exception], int] = {
    QueryError: 422,
    UnknownToken: 404,
    SearchExpired: 410,
    StoreError: 503,
    NoWorkspace: 503,
    WorkspaceError: 409,
    EmbeddingError: 503,
    ModelUnavailable: 503,
    WeightsMissing: 503,
    DownloadError: 503,
    SemdriveError: 400,
}


class ErrorBody(Record):
    """What went wrong. `start` and `end` are characters of the query or of another text that was sent (half open)."""

    error: Annotated[str, Field(description="the kind of error, a name to program against")]
    message: Annotated[str, Field(description="what is wrong, for people")]
    start: Annotated[int | None, Field(description="where in the query it begins, in characters from 0")] = None
    end: Annotated[int | None, Field(description="where it ends, exclusive")] = None
    hint: Annotated[str | None, Field(description="what to write or do instead")] = None


FAULT = ErrorBody(error="ServerFault", message="this is a fault of the server; its log says more")


class Refused(Exception):
    """A request that is turned away before the engine is asked."""

    def __init__(
        self, status: int, error: str, message: str, *, hint: str | None = None, retry_after_s: int | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.retry_after_s = status, retry_after_s
        self.body = ErrorBody(error=error, message=message, hint=hint)

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors that a route may answer with, for its OpenAPI entry."""
    return {
        status: {"model": ErrorBody, "description": HTTPStatus(status).phrase}
        for status in sorted({400, 401, 403, 421, 422, 429, 500, *statuses})
    }


def status_of(error: SemdriveError) -> int:
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def body_of(error: SemdriveError) -> ErrorBody:
    if isinstance(error, QueryError):
        hint = None if error.hint is None else printable(error.hint)
        message = printable(error.message)
        return ErrorBody(error=type(error).__name__, message=message, start=error.start, end=error.end, hint=hint)
    return ErrorBody(error=type(error).__name__, message=printable(str(error)))


def answer(status: int, body: ErrorBody, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(body.model_dump(), status, headers)


Page = Callable[[Request, int, ErrorBody], Response]


def install(app: FastAPI, page: Page | None = None) -> None:
    """Every error of this application in our shape. An error that is none of ours is a bug, and is logged as one.

    `page` makes what a person gets who looks at a page, where a program gets the body as JSON.
    """
    told = _Told(page)
    app.add_exception_handler(SemdriveError, told.ours)
    app.add_exception_handler(Refused, told.refused)
    app.add_exception_handler(RequestValidationError, told.unreadable)
    app.add_exception_handler(HTTPException, told.of_the_framework)
    app.add_exception_handler(Exception, told.bug)


@dataclass(frozen=True)
class _Told:
    """Errors as answers."""

    page: Page | None

    async def ours(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, SemdriveError)
        return self._answer(request, status_of(error), body_of(error))

    async def refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return self._answer(request, error.status, error.body, error.headers)

    async def unreadable(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        body = ErrorBody(error="RequestInvalid", message=printable(sentence(error.errors())))
        return self._answer(request, 422, body)

    async def of_the_framework(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            hint = "GET /openapi.json lists what there is"
            body = ErrorBody(error="NoSuchPage", message="nothing is here", hint=hint)
        else:
            name = HTTPStatus(error.status_code).phrase.title().replace(" ", "")
            body = ErrorBody(error=name, message=printable(str(error.detail)))
        headers = dict(error.headers or {})
        if error.status_code == 405:  # the framework names the methods of the first route of that path alone
            headers["Allow"] = _methods(request) or headers.get("Allow", "")
        return self._answer(request, error.status_code, body, headers)

    async def bug(self, request: Request, error: Exception) -> Response:
        return self._answer(request, 500, FAULT)

    def _answer(
        self, request: Request, status: int, body: ErrorBody, headers: Mapping[str, str] | None = None
    ) -> Response:
        if self.page is None or not _is_looked_at(request):
            return answer(status, body, dict(headers or {}))
        made = self.page(request, status, body)
        made.headers.update(headers or {})
        return made


def _is_looked_at(request: Request) -> bool:
    """Whether a browser shows the answer: what it follows, and what the page has it swap in."""
    is_data = request.url.path.startswith("/api/") or request.url.path.endswith(".json")
    return not is_data and ("text/html" in request.headers.get("accept", "") or "hx-request" in request.headers)


def _methods(request: Request) -> str:
    """Every method that some route has for the path that was asked for."""
    routes = [route for route in request.app.state.routes if route.path_regex.match(request.url.path)]
    return ", ".join(sorted({method for route in routes for method in route.methods}))


def sentence(faults: Sequence[Any], *, within: int = 1) -> str:
    """The first fault: where, `within` so many parts that a client does not know of; which value, what is allowed."""
    first = faults[0]
    where = ".".join(str(part) for part in first["loc"][within:]) or str(first["loc"][0])
    given = repr(first.get("input"))
    shown = given if len(given) <= 80 else given[:80] + "…"
    if first["type"] == "missing":
        return f"{where} is needed, and was not given"
    if first["type"] == "json_invalid":
        return f"the body is no JSON: {first.get('ctx', {}).get('error', first['msg'])}"
    return f"{where} is {shown}: {first['msg']}"
