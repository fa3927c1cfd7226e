"""The application: the engine over HTTP. Everything it needs is injected; nothing happens at import."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from threading import Thread

from fastapi import Depends, FastAPI
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from scenario.errors import SemdriveError
from server.api import errors, exporting, frames, labelling, reviewing, saved, searching, session, state, verifying
from server.api.context import Services
from server.api.guard import Guard, LoopbackHosts, json_only
from server.api.metrics import Measured
from server.engine import Engine
from server.web.assets import Assets
from server.web.pages import web_router
from server.web.signin_page import sign_in_instead
from server.web.trouble import trouble

DESCRIPTION = "Hybrid search over driving logs: words and filters in one box, live verification, human review."
GZIP_FROM_BYTES = 1_000
COMPRESSED_ALREADY = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/vnd.apache.parquet")
ROUTERS = tuple(
    part.router for part in (searching, frames, verifying, reviewing, labelling, exporting, saved, session, state)
)


def create_app(
    engine: Engine,
    *,
    hosts: Sequence[str] = LoopbackHosts,
    services: Services | None = None,
    warm: bool = False,
) -> FastAPI:
    """An application over an engine, which it closes when it ends.

    `hosts` are the names it answers to, so that no foreign page reaches it by a name of its own. `services` holds the
    token that every request needs, and bounds passes and caches. With `warm`, index and
    embedder are loaded while the server already answers.
    """
    services = services or Services(engine)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if warm:
            Thread(target=_warm, args=(engine,), name="warm", daemon=True).start()
        yield
        engine.close()

    app = FastAPI(
        title="Semantic-Drive Search",
        description=DESCRIPTION,
        version=version("semantic-drive-search"),
        lifespan=lifespan,
        docs_url=None,  # it would load scripts from elsewhere
        redoc_url=None,
    )
    app.state.services = services
    app.state.routes = [route for router in ROUTERS for route in router.routes]
    errors.install(app, trouble)
    for router in ROUTERS:
        app.include_router(router, dependencies=[Depends(json_only)])
    app.include_router(web_router(engine))
    app.mount("/static", Assets())
    app.add_middleware(GZipMiddleware, minimum_size=GZIP_FROM_BYTES, exclude_content_types=COMPRESSED_ALREADY)
    app.add_middleware(Measured, metrics=services.metrics)
    # The last one added is the first one asked.
    app.add_middleware(Guard, hosts=hosts, token=services.token, attempts=services.attempts, sign_in=sign_in_instead)
    return app


def _warm(engine: Engine) -> None:
    with suppress(SemdriveError):  # whoever asks first is told
        engine.warm()
