"""`semdrive mcp`: the engine as tools for agents."""

import sys
from contextlib import closing, redirect_stdout
from typing import Annotated, Any

import typer

from semdrive.options import Index
from semdrive.verify_cli import Profile, open_engine

Http = Annotated[bool, typer.Option("--http", help="Serve HTTP instead of standard input and output.")]
Host = Annotated[str, typer.Option("--host", help="With --http: a loopback address of this machine.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="With --http: 0 takes a free one.")]


def mcp(
    index: Index = None, http: Http = False, host: Host = "127.0.0.1", port: Port = 8765, profile: Profile = None
) -> None:
    """Serve agents over the Model Context Protocol: search, facets, frames, verifying, exports, as tools."""
    import semdrive

    # Standard output belongs to the protocol; while it is served, the SDK keeps everything else off it.
    with redirect_stdout(sys.stderr):
        create_mcp, serve_http = _server()
        engine = open_engine(index, profile)
        engine.stats()  # an index that cannot be read is said now, not at an agent's first call
        server = create_mcp(engine, semdrive.__version__)
    with closing(engine):
        if http:
            serve_http(server, host, port, lambda address: typer.echo(f"listening on {address}", err=True))
        else:
            server.run("stdio")


def _server() -> tuple[Any, Any]:
    from scenario.errors import MissingExtra

    try:
        from server.mcp import create_mcp, serve_http
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("mcp", "mcp_types"):
            raise
        raise MissingExtra("server", "mcp", "mcp") from error
    return create_mcp, serve_http
