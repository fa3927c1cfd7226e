"""What a person does with the hits they selected, as plain forms: verify, tag, reject, send to gold, save a search."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from scenario.errors import SemdriveError, one_of
from scenario.vocabulary import Tag
from server.api.errors import Refused, status_of
from server.api.labelling import picked_by
from server.engine import Engine
from server.web.forms import Form, form_of, remembering, who_of
from server.web.links import SearchState
from server.web.search_page import found_by
from server.web.templating import render
from verifier.live import Limits

FORM_BUDGET_S = 60.0
TheForm = Annotated[Form, Depends(form_of)]


def action_router(engine: Engine) -> APIRouter:
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.post("/verify")
    async def verify(request: Request, form: TheForm) -> Response:
        """The selected hits are asked about, or all that the page shows; then it is shown again, verdicts first."""
        passes = request.app.state.services.passes
        try:
            passes.enter(request.client.host if request.client else "")
        except Refused as refused:
            return _problem(refused.status, refused.body.message, form.state)
        try:
            return await run_in_threadpool(_answered, form, lambda: _verified(engine, form))
        finally:
            passes.leave()

    @router.post("/review")
    def review(form: TheForm) -> Response:
        """A tag that holds or does not, or a verdict on the query, of the selected hits."""
        return _answered(form, lambda: _reviewed(engine, form))

    @router.post("/gold")
    def gold(form: TheForm) -> Response:
        """The selected hits into a picked sample, to be labelled."""
        return _answered(form, lambda: _picked(engine, form))

    @router.get("/saved")
    def saved(request: Request) -> Response:
        context = {"title": "saved searches", "state": SearchState(), "who": who_of(request)}
        try:
            listed = engine.saved.all()
        except SemdriveError as error:
            return _problem(status_of(error), str(error), SearchState())
        return render("saved.html", context | {"saved": [(one, SearchState(one.query).url()) for one in listed]})

    @router.get("/saved.json")
    def saved_json() -> Any:
        return Response(
            f"[{','.join(one.model_dump_json() for one in engine.saved.all())}]", media_type="application/json"
        )

    @router.post("/saved")
    def save(form: TheForm) -> Response:
        return _answered(form, lambda: _saved(engine, form))

    @router.post("/saved/{name}/look")
    def look(name: str, form: TheForm) -> Response:
        """Opens the search; what was new until now is not any more."""
        return _answered(form, lambda: RedirectResponse(SearchState(engine.saved.look(name).query).url(), 303))

    @router.post("/saved/{name}/remove")
    def remove(name: str, form: TheForm) -> Response:
        def removed() -> RedirectResponse:
            engine.saved.remove(name)
            return RedirectResponse("/saved", 303)

        return _answered(form, removed)

    return router


def _answered(form: Form, act: Callable[[], RedirectResponse]) -> Response:
    """Where the act leads; or what is wrong with it, in the words of the command line, and the way back."""
    try:
        return act()
    except SemdriveError as error:
        return _problem(status_of(error), str(error), form.state)


def _problem(status: int, message: str, state: SearchState) -> Response:
    context = {"title": "That did not work", "message": message, "state": state, "back": state.url()}
    return render("error.html", context, status)


def _verified(engine: Engine, form: Form) -> RedirectResponse:
    """What a person waits for without a sign of life is bounded."""
    state = form.state
    tokens = form.many("token") or [hit.token for hit in found_by(engine, state).hits]
    for _ in engine.verify(tokens, state.q, limits=Limits(budget_s=FORM_BUDGET_S)):
        pass
    return RedirectResponse(replace(state, rerank=True).url(), 303)


def _reviewed(engine: Engine, form: Form) -> RedirectResponse:
    who, tokens = form.name("who"), form.tokens
    if tag := form.one("tag"):
        engine.review(tokens, who, holds=[one_of("tag", tag, Tag)])
    elif tag := form.one("not_tag"):
        engine.review(tokens, who, does_not_hold=[one_of("tag", tag, Tag)])
    else:
        verdicts: tuple[Literal["yes", "no", "unsure"], ...] = ("yes", "no", "unsure")
        engine.decide(tokens, who, form.state.q, one_of("verdict", form.one("verdict"), verdicts))
    return remembering(RedirectResponse(form.state.url(), 303), who)


def _picked(engine: Engine, form: Form) -> RedirectResponse:
    who, name = form.name("who"), form.name("sample")
    picked_by(engine, name, form.tokens, who)
    return remembering(RedirectResponse(f"/curate/{quote(name, safe='')}?annotator={quote(who, safe='')}", 303), who)


def _saved(engine: Engine, form: Form) -> RedirectResponse:
    who = form.name("who")
    engine.saved.save(form.name("name"), form.state.q, who)
    return remembering(RedirectResponse("/saved", 303), who)
