"""The page that a browser gets where a server needs its token: a form, and then the page that was asked for."""

import re
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.types import Scope

from server.api.context import Serving
from server.api.errors import Refused
from server.api.guard import SIGN_IN
from server.api.session import sign_in
from server.web.templating import render

HOME = "/search"
# One slash and no second one, nor a backslash, which browsers read as one: nothing that names another site.
LOCAL = re.compile(r"/(?!/)[^\\\s\x00-\x1f\x7f]{0,4000}")


def signin_router() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get(SIGN_IN)
    def form(serving: Serving, next: str = HOME) -> Response:
        return sign_in_page(next) if serving.token else RedirectResponse(HOME, 303)

    @router.post(SIGN_IN)
    async def login(serving: Serving, request: Request) -> Response:
        said = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        response = RedirectResponse(local(said.get("next", HOME)), 303)
        try:
            sign_in(response, serving, request, said.get("token", "").strip())
        except Refused as refused:
            return sign_in_page(said.get("next", HOME), refused)
        return response

    return router


def sign_in_page(next: str, refused: Refused | None = None) -> Response:
    """The form, with what was wrong, that leads on to `next`."""
    message = refused.body.message if refused else "this server needs its token"
    hint = refused.body.hint if refused and refused.status == 429 else None
    page = render(
        "signin.html", {"message": message, "hint": hint, "next": local(next)}, refused.status if refused else 401
    )
    page.headers["Cache-Control"] = "no-store"  # the same address is another page after signing in
    page.headers["HX-Refresh"] = "true"  # htmx asked for a part of a page: the whole page is asked for anew
    if refused:
        page.headers.update(refused.headers)
    return page


def sign_in_instead(scope: Scope, refused: Refused) -> Response:
    """What the guard answers in the place of a page: the form, which leads on to that page."""
    if scope["method"] != "GET":  # what a form said is gone, and its address is no page
        return sign_in_page(HOME, refused)
    query = scope["query_string"].decode("latin-1")
    path = scope.get("raw_path", b"").decode("latin-1") or scope["path"]
    return sign_in_page(f"{path.partition('?')[0]}?{query}" if query else path, refused)


def local(address: str) -> str:
    """The address, where it is a path of this server; else the search page."""
    return address if LOCAL.fullmatch(address) else HOME
