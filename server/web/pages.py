"""The pages over one engine. Each has a `.json` twin: the same URL with `.json` behind the path."""

from fastapi import APIRouter

from server.engine import Engine
from server.web.actions import action_router
from server.web.curate_page import curate_router
from server.web.export_page import export_router
from server.web.frame_page import frame_router
from server.web.search_page import search_router
from server.web.signin_page import signin_router


def web_router(engine: Engine) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    router.include_router(search_router(engine))
    router.include_router(frame_router(engine))
    router.include_router(action_router(engine))
    router.include_router(export_router())
    router.include_router(curate_router(engine))
    router.include_router(signin_router())
    return router
