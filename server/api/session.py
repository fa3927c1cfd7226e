"""Signing in from a browser, where a server has a token: the cookie that its page then sends."""

import hmac
from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field

from scenario.records import Record
from server.api.context import Serving
from server.api.errors import Refused, responses
from server.api.guard import COOKIE, LOGIN
from server.api.text import Name

router = APIRouter(tags=["session"])
MONTH_S = 30 * 24 * 3600


class Login(Record):
    token: Annotated[Name, Field(description="the token that the server was started with")]


class SignedIn(Record):
    status: Literal["signed in"] = "signed in"


@router.post(LOGIN, summary="Exchange the token for a cookie", response_model=SignedIn, responses=responses(413, 415))
async def login(serving: Serving, said: Login) -> JSONResponse:
    """Only a page of this server can send the cookie, and no script can read it. Needs no token before."""
    needed = serving.token
    if needed is None:
        raise Refused(400, "NoTokenHere", "this server needs no token")
    if not hmac.compare_digest(said.token.encode(), needed.encode()):
        raise Refused(401, "TokenNeeded", "wrong token", hint="the server was started with another one")
    response = JSONResponse(SignedIn().model_dump())
    response.set_cookie(COOKIE, needed, max_age=MONTH_S, httponly=True, samesite="strict")
    return response
