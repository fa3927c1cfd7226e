"""Signing in from a browser, where a server has a token: the cookie that its page then sends."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.responses import Response

from scenario.records import Record
from server.api.context import Services, Serving
from server.api.errors import Refused, responses
from server.api.guard import COOKIE, LOGIN, check_token, client_of
from server.api.text import Name

router = APIRouter(tags=["session"])
MONTH_S = 30 * 24 * 3600


class Login(Record):
    token: Annotated[Name, Field(description="the token that the server was started with")]


class SignedIn(Record):
    status: Literal["signed in"] = "signed in"


@router.post(LOGIN, summary="Exchange the token for a cookie", response_model=SignedIn, responses=responses(413, 415))
async def login(serving: Serving, request: Request, said: Login) -> JSONResponse:
    """Only a page of this server can send the cookie, and no script can read it. Needs no token before."""
    response = JSONResponse(SignedIn().model_dump())
    sign_in(response, serving, request, said.token)
    return response


def sign_in(response: Response, serving: Services, request: Request, given: str) -> None:
    """Put the cookie on an answer. Raises `Refused` for a wrong token, and where there is none to give."""
    if serving.token is None:
        raise Refused(400, "NoTokenHere", "this server needs no token")
    check_token(given, serving.token, serving.attempts, client_of(request.scope))
    response.set_cookie(
        COOKIE,
        serving.token,
        max_age=MONTH_S,
        httponly=True,
        secure=request.url.scheme == "https",
        # Not strict: a link that a colleague sent is a visit from elsewhere. A write from elsewhere never has it.
        samesite="lax",
    )
