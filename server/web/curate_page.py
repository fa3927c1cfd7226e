"""The curation pages: samples, a frame to label blind, and a label beside the prediction once it is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from gold_set.curation import blind_task
from gold_set.labelling import Comparison, comparison, give, label_from, look
from scenario.curation import Label
from scenario.errors import InputError, SemdriveError
from scenario.ledger import Ledger
from scenario.vocabulary import SCALAR_FIELDS, SET_FIELDS, Tag
from server.api.errors import status_of
from server.api.frames import image_url
from server.api.labelling import DrawRequest, NextFrame, draw_sample
from server.api.text import NAME_CHARS, printable
from server.engine import Engine
from server.web import curating
from server.web.curating import Bench
from server.web.links import SearchState
from server.web.templating import render

LONGEST_S = 86_400  # what took longer was left open
BEGUN = {"name": "", "tag": "", "method": "simple", "size": "50", "seed": "0"}  # of the form that draws a sample


@dataclass(frozen=True)
class Form:
    """The fields of a form that was sent; what was left empty is not there."""

    fields: Mapping[str, list[str]]

    @classmethod
    async def of(cls, request: Request) -> "Form":
        return cls(parse_qs(printable((await request.body()).decode("utf-8", "replace"))))

    def __call__(self, name: str) -> str:
        return printable(self.fields.get(name, [""])[0].strip())

    def all(self, name: str) -> list[str]:
        return [printable(value) for value in self.fields.get(name, [])]


def curate_router(engine: Engine) -> APIRouter:
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    _add_samples(router, engine)
    _add_comparison(router, engine)  # before the sample's own page, whose name may hold anything
    _add_frames(router, engine)
    return router


def _add_samples(router: APIRouter, engine: Engine) -> None:
    @router.get("/curate.json")
    def samples_json(annotator: str = "") -> Response:
        return JSONResponse(_samples(engine, annotator.strip()))

    @router.get("/curate")
    def samples(annotator: str = "") -> Response:
        return _answered(lambda: _samples_page(engine, annotator.strip()))

    @router.post("/curate")
    async def draw(request: Request) -> Response:
        sent = await Form.of(request)
        return await run_in_threadpool(_answered, lambda: _drawn(engine, sent))


def _add_comparison(router: APIRouter, engine: Engine) -> None:
    @router.get("/curate/{sample:path}/compare/{token}.json")
    def compared_json(sample: str, token: str, annotator: str = "") -> Response:
        found = _comparison(engine, Bench.of(engine, sample, _named(annotator)), token)
        return Response(found.model_dump_json(), media_type="application/json")

    @router.get("/curate/{sample:path}/compare/{token}")
    def compared(sample: str, token: str, annotator: str = "") -> Response:
        return _answered(lambda: _compared_page(engine, Bench.of(engine, sample, _named(annotator)), token))

    @router.post("/curate/{sample:path}/compare/{token}")
    async def compare(request: Request, sample: str, token: str) -> Response:
        """A look changes what may be labelled from now on, so it is no GET."""
        sent = await Form.of(request)
        return await run_in_threadpool(_answered, lambda: _looked(engine, sample, token, sent("annotator")))


def _add_frames(router: APIRouter, engine: Engine) -> None:
    @router.get("/curate/{sample:path}.json")
    def frame_json(sample: str, annotator: str = "", at: str = "") -> Response:
        found = _next_frame(engine, Bench.of(engine, sample, _named(annotator)), at)
        return Response(found.model_dump_json(), media_type="application/json")

    @router.get("/curate/{sample:path}")
    def frame(sample: str, annotator: str = "", at: str = "") -> Response:
        def page() -> Response:
            bench = Bench.of(engine, sample, annotator.strip())
            return _frame_page(engine, bench, at) if bench.annotator else _who_page(bench)

        return _answered(page)

    @router.post("/curate/{sample:path}")
    async def label(request: Request, sample: str) -> Response:
        sent = await Form.of(request)
        return await run_in_threadpool(_answered, lambda: _labelled(engine, sample, sent))


def _answered(make: Callable[[], Response]) -> Response:
    """What `make` gives; what is wrong, as a page in the words of the command line."""
    try:
        return make()
    except SemdriveError as error:
        return _page("error.html", {"title": "That cannot be done", "message": printable(str(error))}, status_of(error))


def _page(name: str, context: Mapping[str, Any], status: int = 200) -> Response:
    return render(name, {"state": SearchState(), **context}, status)


def _named(annotator: str) -> str:
    name = annotator.strip()
    if not 0 < len(name) <= NAME_CHARS:
        raise InputError(
            f"who labels is {name[:40]!r}; a label needs its annotator: a name of 1 to {NAME_CHARS} letters"
        )
    return name


# Samples


def _samples(engine: Engine, annotator: str) -> list[dict[str, Any]]:
    with Ledger(engine.workspace.require_ledger("the gold set"), read_only=True) as ledger:
        drawn, labels = ledger.samples(), ledger.labels()
    mine = {label.token for label in labels if label.annotator == annotator}
    rows = []
    for one in drawn:
        done = sum(frame.token in mine for frame in one.frames) if annotator else None
        rows.append({"name": one.name, "method": one.method, "frames": len(one.frames), "done": done})
    return rows


def _samples_page(engine: Engine, annotator: str, trouble: str = "", said: Mapping[str, str] | None = None) -> Response:
    rows = [{**row, "url": curating.address(row["name"], annotator)} for row in _samples(engine, annotator)]
    context = {
        "title": "Curate",
        "annotator": annotator,
        "samples": rows,
        "tags": [(tag.value, tag.value.replace("_", " ")) for tag in Tag],
        "trouble": trouble,
        "said": {**BEGUN, **(said or {})},
        "twin": f"/curate.json?{urlencode({'annotator': annotator})}",
    }
    return _page("curate.html", context, 422 if trouble else 200)


def _drawn(engine: Engine, sent: Form) -> Response:
    """Draw a sample, and begin with it; what is wrong is said beside the form, which keeps what was written."""
    said = {name: sent(name) for name in ("name", "size", "method", "tag", "seed") if sent(name)}
    try:
        drawn = draw_sample(engine, _draw_request(said))
    except SemdriveError as error:
        return _samples_page(engine, sent("annotator"), printable(str(error)), said)
    return RedirectResponse(curating.address(drawn.name, sent("annotator")), 303)


def _draw_request(said: Mapping[str, str]) -> DrawRequest:
    numbers = {name: int(said[name]) for name in ("size", "seed") if said.get(name, "").isdecimal()}
    try:
        return DrawRequest.model_validate({**said, **numbers})
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{first['loc'][0]} is {said.get(str(first['loc'][0]), '')!r}: {first['msg']}") from error


def _who_page(bench: Bench) -> Response:
    context = {"title": bench.sample.name, "sample": bench.sample.name, "frames": len(bench.sample.frames)}
    return _page("curate_who.html", context)


# A frame to label


def _next_frame(engine: Engine, bench: Bench, at: str) -> NextFrame:
    """The frame `at`, or the next one without an answer, blind; pictures are addresses."""
    token = at or bench.next
    if token is None:
        return NextFrame(done=len(bench.labels), task=None)
    frame = engine.show(_of_the_sample(bench, token)).frame
    task = blind_task(bench.sample, frame, bench.annotator, len(bench.labels))
    urls = {camera: image_url(token, camera) for camera in task.pictures}
    return NextFrame(done=len(bench.labels), task=task.model_copy(update={"pictures": urls}))


def _of_the_sample(bench: Bench, token: str) -> str:
    if all(frame.token != token for frame in bench.sample.frames):
        raise InputError(f"sample {bench.sample.name!r} does not hold frame {token!r}; take the next one of it")
    return token


def _frame_page(
    engine: Engine, bench: Bench, at: str, trouble: str = "", said: Mapping[str, Any] | None = None
) -> Response:
    token = at or bench.next
    if token is None:
        return _page("curate_done.html", {**_bearings(bench, None), "title": bench.sample.name})
    tokens = [_of_the_sample(bench, token), *([after] if (after := bench.after(token)) else [])]
    frame, *ahead = [scenario.frame for scenario in engine.scenarios(tokens, "the gold set")]
    given = bench.given(token)
    context = {
        **_bearings(bench, token),
        "title": f"{bench.sample.name}, blind",
        "token": token,
        "place": [one.token for one in bench.sample.frames].index(token) + 1,
        "pictures": curating.pictures(frame),
        "ahead": [one.url for following in ahead for one in curating.pictures(following)],  # fetched meanwhile
        "sections": curating.form(curating.facts_of(given) if said is None else said),
        "given": given,
        "looked": token in bench.looked,
        "trouble": trouble,
    }
    return _page("curate_frame.html", context, 422 if trouble else 200)


def _bearings(bench: Bench, token: str | None) -> dict[str, Any]:
    """Where the annotator is, and the ways back and on."""
    back = bench.before(token)
    beside = bench.given(token) if token and bench.given(token) else back
    may = beside is not None and beside.status != "skipped"
    return {
        "sample": bench.sample.name,
        "picked": bench.sample.method == "picked",
        "annotator": bench.annotator,
        "frames": len(bench.sample.frames),
        "done": len(bench.labels),
        "counts": {status: bench.count(status) for status in ("labelled", "unsure", "skipped")},
        "here": bench.url(token),
        "next": bench.url(),
        "back": bench.url(back.token) if back else None,
        "beside": curating.comparing(bench.sample.name, bench.annotator, beside.token) if beside and may else None,
        "samples_url": f"/curate?{urlencode({'annotator': bench.annotator})}",
    }


def _labelled(engine: Engine, name: str, sent: Form) -> Response:
    """Keep what the form says, and go on. A form that says nothing comes back with that said."""
    bench = Bench.of(engine, name, _named(sent("annotator")))
    token, facts = _of_the_sample(bench, sent("token")), _facts(sent)
    try:
        with Ledger(engine.workspace.require_ledger("the gold set")) as ledger:
            give(ledger, _label(bench, token, facts, sent))
    except InputError as error:
        return _frame_page(engine, bench, token, printable(str(error)), facts)
    return RedirectResponse(bench.url(), 303)


def _label(bench: Bench, token: str, facts: Mapping[str, Any], sent: Form) -> Label:
    seconds, status = _seconds(sent("seconds")), sent("status")
    if status in ("skipped", "unsure"):
        made = label_from(token, bench.annotator, {}, sample=bench.sample.name, seconds=seconds)
        return made.model_copy(update={"status": status})
    for field in SET_FIELDS:
        if "none" in facts.get(field.name, ()):
            raise InputError(f"{field.name.replace('_', ' ')}: none of these, and some; uncheck the one or the others")
    return label_from(token, bench.annotator, facts, sample=bench.sample.name, seconds=seconds)


def _facts(sent: Form) -> dict[str, Any]:
    facts: dict[str, Any] = {field.name: sent(field.name) for field in SCALAR_FIELDS if sent(field.name)}
    for field in SET_FIELDS:
        if values := sent.all(field.name):
            facts[field.name] = [] if values == ["none"] else values
    risk = sent("risk")
    return facts | ({"risk": int(risk) if risk.isdecimal() else risk} if risk else {})


def _seconds(text: str) -> float | None:
    """As the page measured it; without JavaScript nothing did."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    return round(seconds, 1) if isfinite(seconds) and 0 <= seconds <= LONGEST_S else None


# A label beside the prediction


def _looked(engine: Engine, sample: str, token: str, annotator: str) -> Response:
    bench = Bench.of(engine, sample, _named(annotator))
    _of_the_sample(bench, token)
    with Ledger(engine.workspace.require_ledger("the gold set")) as ledger:
        look(ledger, token, bench.annotator)
    return RedirectResponse(curating.comparing(sample, bench.annotator, token), 303)


def _comparison(engine: Engine, bench: Bench, token: str) -> Comparison:
    given = bench.given(_of_the_sample(bench, token))
    if given is None or token not in bench.looked:
        raise InputError(
            f"the prediction of {token} was not asked for by {bench.annotator!r}; label it blind, then compare"
        )
    return comparison(given, engine.show(token).verdict.facts)


def _compared_page(engine: Engine, bench: Bench, token: str) -> Response:
    found = _comparison(engine, bench, token)
    scenario = engine.show(token)
    context = {
        **_bearings(bench, token),
        "title": f"{bench.sample.name}, compared",
        "token": token,
        "found": found,
        "differing": sum(row.differs for row in found.fields),
        "judged": sum(row.label is not None and row.verdict is not None for row in found.fields),
        "pictures": curating.pictures(scenario.frame),
        "description": scenario.verdict.facts.description,
    }
    return _page("curate_compare.html", context)
