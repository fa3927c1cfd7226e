"""The form that exports from a page without JavaScript: the file streams, what is wrong is a page that says so."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError

from scenario.errors import SemdriveError
from server.api.context import services_of
from server.api.errors import Refused, sentence, status_of
from server.api.exporting import ExportRequest, attachment
from server.web.forms import Form, form_of
from server.web.links import SearchState
from server.web.templating import render


def export_router() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.post("/export")
    async def export(request: Request) -> Response:
        """Fields `q`, `format`, `limit`, `rerank`; `token` and `without` may be repeated. Without `token`: all."""
        form = await form_of(request)
        try:
            return await attachment(request, await services_of(request), _asked(form).wanted)
        except SemdriveError as error:
            return _trouble(form, str(error), status_of(error))
        except Refused as refused:
            said = (refused.body.message, refused.body.hint)
            return _trouble(form, "\n".join(filter(None, said)), refused.status, refused.headers)
        except ValidationError as error:
            return _trouble(form, sentence(error.errors(), within=0), 422)

    return router


def _asked(form: Form) -> ExportRequest:
    """What the form asks for, held to what the API takes. Raises `ValidationError`."""
    limit, format = form.one("limit"), form.one("format")
    given: dict[str, Any] = {
        "query": form.one("q"),
        "tokens": tuple(form.many("token")) or None,
        "limit": int(limit) if limit.isdecimal() and len(limit) < 20 else limit or None,
        "without": tuple(form.many("without")),
        "rerank": "rerank" in dict(form.fields),
    }
    return ExportRequest.model_validate(given | ({"format": format} if format else {}))


def _trouble(form: Form, message: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    state = SearchState(form.one("q"))
    page = render("error.html", {"title": "Nothing was exported", "message": message, "state": state}, status)
    page.headers.update(headers or {})
    return page
