"""One frame: all that is known of it, its scene, its pictures."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import Response

from scenario.errors import ImageUnreadable
from scenario.records import Scenario
from server.api.context import Serving, TheEngine
from server.api.errors import Refused, responses
from server.api.text import Name
from server.api.thumbnails import sized
from server.neighbours import Neighbours

CACHE = "private, max-age=86400"
router = APIRouter(prefix="/api/frames", tags=["frames"], responses=responses(404, 409, 503))
Token = Annotated[Name, Path(description="The frame's token, as search answers it.")]
PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}, "description": "A JPEG"},
    304: {"description": "The picture that you have is the picture there is"},
}


def with_links(scenario: Scenario) -> Scenario:
    """The scenario with the addresses of its pictures in the place of their files, which are nobody's business."""
    cameras = {
        name: camera.model_copy(update={"image": image_url(scenario.frame.token, name)})
        for name, camera in scenario.frame.cameras.items()
    }
    return scenario.model_copy(update={"frame": scenario.frame.model_copy(update={"cameras": cameras})})


def image_url(token: str, camera: str) -> str:
    return f"/api/frames/{quote(token, safe='')}/images/{quote(camera, safe='')}"


@router.get("/{token:whole}/neighbours", summary="The frame among the others of its scene")
def neighbours(engine: TheEngine, token: Token) -> Neighbours:
    """Previous and next frame, and the scene's time line with risk."""
    return engine.neighbours(token)


@router.get(
    "/{token:whole}/images/{camera:whole}", summary="A camera's picture", response_class=Response, responses=PICTURE
)
def image(
    serving: Serving,
    token: Token,
    camera: Annotated[Name, Path(description="The camera, as the frame names it.")],
    width: Annotated[int | None, Query(ge=1, le=4096, description="Pixels; the next larger size that is made.")] = None,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """By token and camera through the index; there is no way to name a file."""
    known = serving.cameras.of(token)
    if camera not in known:
        listed = f"its cameras: {', '.join(known)}" if known else "it was indexed without its cameras' pictures"
        raise Refused(404, "NoPicture", f"frame {token!r} has no picture of camera {camera!r}", hint=listed)
    try:
        etag = serving.thumbnails.etag(known[camera], sized(width))
        if if_none_match and (etag in if_none_match or if_none_match.strip() == "*"):
            return Response(status_code=304, headers={"ETag": etag, "Cache-Control": CACHE})
        picture = serving.thumbnails.picture(known[camera], sized(width))
    except ImageUnreadable as error:
        message = f"the picture of camera {camera!r} of frame {token!r} cannot be read"
        raise Refused(404, "NoPicture", message, hint="index again where the pictures are") from error
    headers = {"ETag": picture.etag, "Cache-Control": CACHE}
    return Response(picture.data, media_type="image/jpeg", headers=headers)


# Last, since a token may hold slashes.
@router.get("/{token:whole}", summary="Everything that is known about a frame")
def frame(engine: TheEngine, token: Token) -> Scenario:
    """Scouts' reports, verdict and reward, beliefs, detections, provenance; `image` is where a picture is served."""
    return with_links(engine.show(token))
