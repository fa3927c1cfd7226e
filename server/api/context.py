"""What a request finds in the application: the engine, and what bounds its use."""

from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Annotated

from fastapi import Depends, Request

from server.api.attempts import Attempts
from server.api.metrics import Metrics
from server.api.passes import Passes
from server.api.thumbnails import Cameras, Thumbnails
from server.engine import Engine
from server.exports.asking import AT_ONCE

EXPORTS_PER_MINUTE = 120
STALLED_S = 120.0


@dataclass(frozen=True)
class Services:
    """Shared by all requests of one application."""

    engine: Engine
    token: str | None = None  # every request needs it
    attempts: Attempts = field(default_factory=Attempts)
    passes: Passes = field(default_factory=Passes)
    exports: Passes = field(default_factory=partial(Passes, AT_ONCE, EXPORTS_PER_MINUTE, what="exports"))
    stalled_s: float = STALLED_S  # so long a client may take nothing of an export before its place goes to another
    thumbnails: Thumbnails = field(default_factory=Thumbnails)
    metrics: Metrics = field(default_factory=Metrics)

    @cached_property
    def cameras(self) -> Cameras:
        return Cameras(self.engine)


async def services_of(request: Request) -> Services:
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


async def engine_of(request: Request) -> Engine:
    return (await services_of(request)).engine


Serving = Annotated[Services, Depends(services_of)]
TheEngine = Annotated[Engine, Depends(engine_of)]
