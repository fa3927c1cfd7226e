"""The page of one frame, and what its forms do: ask it a question, take an answer back, accept what it saw."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from scenario.errors import SemdriveError, WorkspaceError
from server.api.errors import Refused, status_of
from server.api.frames import with_links
from server.api.text import NAME_CHARS, QUERY_CHARS
from server.asking import asked_in
from server.engine import Engine
from server.web.forms import Form, form_of, remembering, who_of
from server.web.frame_context import frame_context, frame_url
from server.web.links import SearchState
from server.web.templating import render
from verifier.live import Limits

ASK_BUDGET_S = 60.0  # what a person waits for without a sign of life is bounded
TheForm = Annotated[Form, Depends(form_of)]


def frame_router(engine: Engine) -> APIRouter:
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/frame/{token:whole}.json")
    def frame_json(request: Request, token: str, q: str = "") -> Response:
        whole = f"{token}.json"
        if engine.known_keys([whole]) and not engine.known_keys([token]):  # no twin, but a token that ends so
            return frame(request, whole, q)
        return Response(with_links(engine.show(token)).model_dump_json(), media_type="application/json")

    @router.get("/frame/{token:whole}")
    def frame(request: Request, token: str, q: str = "") -> Response:
        return _page(engine, token, q, who=who_of(request))

    @router.post("/frame/{token:whole}/ask")
    def ask(request: Request, form: TheForm, token: str, q: str = "") -> Response:
        question = form.one("question")

        def asked() -> str:
            with _a_pass(request):
                return _ask(engine, token, question)

        return _written(engine, token, q, asked, question=question, who=who_of(request))

    @router.post("/frame/{token:whole}/undo")
    def undo(form: TheForm, token: str, q: str = "") -> Response:
        number, who = form.one("number")[:15], form.one("who")

        def undone() -> str:
            _named(who)
            known = {str(one.id) for one in engine.verifications(token=token)}
            if number not in known:
                raise WorkspaceError(
                    f"frame {token!r} has no verification {number!r} to take back; the page lists those it has"
                )
            engine.undo_verification(int(number), who)
            return "verifications"

        return _written(engine, token, q, undone, who=who)

    @router.post("/frame/{token:whole}/accept")
    def accept(form: TheForm, token: str, q: str = "") -> Response:
        who = form.one("who")

        def accepted() -> str:
            engine.accept_proposal(token, _named(who))
            return "verifications"

        return _written(engine, token, q, accepted, who=who)

    return router


def _page(engine: Engine, token: str, q: str, status: int = 200, **typed: str) -> Response:
    """The page; `typed` is what stays in its forms, and the `trouble` with it."""
    try:
        return render("frame.html", {**frame_context(engine, token, q), **_blank(), **typed}, status)
    except SemdriveError as error:
        title = "This frame cannot be shown"
        return render("error.html", {"title": title, "message": str(error), "state": SearchState(q)}, status_of(error))


def _blank() -> dict[str, str]:
    return {"question": "", "who": "", "trouble": ""}


def _written(engine: Engine, token: str, q: str, write: Callable[[], str], **typed: str) -> Response:
    """Write, then show the page at the place that `write` names; where it cannot be done, the page says why."""
    try:
        place = write()
    except SemdriveError as error:
        return _page(engine, token, q, status_of(error), trouble=str(error), **typed)
    except Refused as refused:
        body = refused.body
        said = f"{body.message}; {body.hint}" if body.hint else body.message
        return _page(engine, token, q, refused.status, trouble=said, **typed)
    answer = RedirectResponse(f"{frame_url(token, q)}#{place}", 303)
    return remembering(answer, typed["who"]) if typed.get("who") else answer


def _named(who: str) -> str:
    """A person's word needs a person."""
    if not who or len(who) > NAME_CHARS:
        raise Refused(422, "RequestInvalid", f"say whose word it is: a name of 1 to {NAME_CHARS} characters")
    return who


@contextmanager
def _a_pass(request: Request) -> Iterator[None]:
    passes = request.app.state.services.passes
    passes.enter(request.client.host if request.client else "")
    try:
        yield
    finally:
        passes.leave()


def _ask(engine: Engine, token: str, question: str) -> str:
    """Have the frame looked at again; where on its page the answer then stands."""
    if not question or len(question) > QUERY_CHARS:
        raise Refused(422, "RequestInvalid", f"ask in 1 to {QUERY_CHARS} characters, as: is a person in the lane?")
    asked = asked_in(question, None)
    numbers = [one.id for one in engine.verify([token], asked, limits=Limits(budget_s=ASK_BUDGET_S))]
    return f"v{numbers[0]}" if numbers and numbers[0] else "verifications"
