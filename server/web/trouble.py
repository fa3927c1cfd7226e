"""What a person sees where a program gets an error as JSON: the same words, and the search box."""

from fastapi import Request
from fastapi.responses import Response

from server.api.errors import ErrorBody
from server.api.guard import SECURITY_HEADERS
from server.web.links import SearchState
from server.web.templating import render

TITLES = {404: "There is no such page", 500: "This is a fault of the server", 503: "This cannot be answered now"}


def trouble(request: Request, status: int, body: ErrorBody) -> Response:
    """The page of an error."""
    said = [body.message, body.hint if status != 404 else None]
    context = {
        "title": TITLES.get(status, "That did not work"),
        "message": "\n".join(filter(None, said)),
        "state": SearchState(request.query_params.get("q", "")),
    }
    page = render("error.html", context, status)
    page.headers.update(SECURITY_HEADERS)  # a fault is answered outside the guard
    return page
