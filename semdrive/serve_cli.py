"""`semdrive serve`: the engine over HTTP, on this machine unless a token guards it."""

import os
import re
import sys
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any

import typer

from semdrive.options import Index, settings_of

TOKEN = re.compile("[A-Za-z0-9_-]{16,200}")


def serve(
    index: Index = None,
    host: Annotated[str, typer.Option(help="The address to listen at; beyond this machine only with a token.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8000,
    token_env: Annotated[
        str | None,
        typer.Option(help="The environment variable that holds the token every request then needs.", metavar="NAME"),
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option(help="Another host name that requests may use. Repeatable.", metavar="HOST")
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option("--profile", "-p", help="Whose scouts verify.", show_default="those of the index"),
    ] = None,
    demo: Annotated[
        bool | None,
        typer.Option("--demo/--no-demo", help="Render and index the demo drive where there is no index yet."),
    ] = None,
) -> None:
    """Serve search, frames, verification and reviews over HTTP. Stop with Ctrl-C."""
    import uvicorn

    import semdrive
    from server.api.context import Services
    from server.app import create_app

    token = _token(token_env)
    hosts = _hosts(host, token, name or [])
    location = settings_of(index=index).index
    _ensure_index(location, demo)
    engine = semdrive.open(location, profile=profile)
    app = create_app(engine, hosts=hosts, services=Services(engine, token=token), warm=True)
    with _listening(host, port) as listening, suppress(KeyboardInterrupt):  # Ctrl-C is how it ends
        bound = listening.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        sys.stderr.write(f"serving {location} at http://{shown}:{bound}/  (Ctrl-C stops)\n")
        config = uvicorn.Config(
            app,
            http="h11",  # it ends a header at 64 KiB; httptools, where it is installed, would keep any
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=3,
            limit_concurrency=256,
        )
        uvicorn.Server(config).run(sockets=[listening])


def _token(variable: str | None) -> str | None:
    from scenario.errors import ConfigError

    if variable is None:
        return None
    token = os.environ.get(variable, "").strip()
    if not TOKEN.fullmatch(token):
        raise ConfigError(
            f"environment variable {variable} holds no token of 16 to 200 letters, digits, - and _;"
            " make one: python -c 'import secrets; print(secrets.token_urlsafe(24))'"
        )
    return token


def _hosts(host: str, token: str | None, names: list[str]) -> tuple[str, ...]:
    """The names to answer to. Raises `ConfigError` for an address beyond this machine without a token."""
    from scenario.errors import ConfigError
    from server.api.guard import LoopbackHosts

    if not _is_loopback(host) and token is None:
        raise ConfigError(
            f"--host {host} can be reached from other machines, so it needs a token: set one in an environment"
            " variable and name it: --token-env NAME"
        )
    return (*LoopbackHosts, f"[{host}]" if ":" in host else host, *names)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _ensure_index(location: str, demo: bool | None) -> None:
    """Make the demo where nothing is, when asked to, or when no index was named: a misspelled one stays an error."""
    from scenario.config import Settings

    if demo is False or _has_index(location):
        return
    unnamed = location == Settings.model_fields["index"].default
    if demo or (unnamed and (not Path(location).exists() or _drive_of(location).is_dir())):
        sys.stderr.write(f"no index at {location}: rendering and indexing the demo drive, about a minute\n")
        build_demo(location)


def _has_index(location: str) -> bool:
    from scenario.workspace import FILE_NAME, Workspace, is_uri
    from search.store import Store

    if is_uri(location) or location.rstrip("/").endswith(".lance"):
        return True  # whatever is wrong with it, a demo cannot stand in for it
    if not (Path(location) / FILE_NAME).is_file():
        return False
    return Store(Workspace.open(location).index_uri).published_version() is not None


def _drive_of(location: str) -> Path:
    return Path(f"{location.rstrip('/')}-drive").absolute()


def build_demo(location: str) -> None:
    """The sample drive beside an index of it: no data from elsewhere, no weights. Goes on where it was stopped."""
    from indexer.live import index_log
    from indexer.logs.sample import write_sample
    from indexer.profiles import DEFAULT
    from indexer.sources import Invocation, NuScenesSource
    from scenario.registry import EMBEDDERS
    from scenario.workspace import Workspace
    from semdrive.progress import Bars

    Workspace.planned(location)  # refuses a folder that is somebody's, before anything is rendered
    settings, drive = settings_of(), _drive_of(location)
    source = NuScenesSource(dataroot=str(drive), version="v1.0-sample", per_scene=None)
    with Bars() as progress:
        write_sample(drive, progress=progress.of("render"))
        index_log(
            Invocation(source=source, profile=DEFAULT, embedder=settings.embedder),
            Workspace.create(location),
            EMBEDDERS.create("sentence_transformers", model=settings.embedder),
            batch_size=settings.batch_size,
            progress=progress,
        )


def _listening(host: str, port: int) -> Any:
    import socket

    from scenario.errors import ConfigError

    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigError(f"cannot listen at {host}:{port}: {error.strerror}; name another --port") from error
    # Connections inherit it. asyncio sets it only on sockets that name their protocol, and without it the body of each
    # answer waits for the client's delayed acknowledgement of its head: 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
