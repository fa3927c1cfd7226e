"""What a page's plain form says. The guard has seen that it comes from this server's own page."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

from fastapi import Request
from fastapi.responses import RedirectResponse

from scenario.errors import InputError
from server.api.text import NAME_CHARS, printable
from server.web.links import SearchState

WHO = "semdrive_who"  # the cookie that remembers who reviews, so that nobody writes a name twice
YEAR_S = 365 * 24 * 3600
MOST_FIELDS = 2_000


@dataclass(frozen=True)
class Form:
    """The fields of a form in their order, and where it came from."""

    fields: Sequence[tuple[str, str]]

    @property
    def state(self) -> SearchState:
        return SearchState.of(self.fields)

    def one(self, name: str) -> str:
        """The last value of a field, without white space around it; empty where it is not there."""
        return next((value.strip() for field, value in reversed(self.fields) if field == name), "")

    def name(self, field: str) -> str:
        """As `one`, of a field that names somebody or something. Raises `InputError` where it is too long for that."""
        name = self.one(field)
        if len(name) > NAME_CHARS:
            raise InputError(f"{field} has {len(name):,} characters, of {NAME_CHARS} allowed: {name[:40]!r}…")
        return name

    def many(self, name: str) -> list[str]:
        """Every value of a field, each once, in order."""
        return list(dict.fromkeys(value for field, value in self.fields if field == name))

    @property
    def tokens(self) -> list[str]:
        """The frames that were selected. Raises `InputError` where none was."""
        tokens = self.many("token")
        if not tokens:
            raise InputError("no frame is selected; tick the boxes of those that are meant, then press the button")
        return tokens


async def form_of(request: Request) -> Form:
    """Raises `InputError` for a body that is no form, or one with too many fields."""
    text = (await request.body()).decode("utf-8", "replace")
    try:
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise InputError(f"the form cannot be read: {error}; select fewer frames") from error
    return Form([(printable(name), printable(value)) for name, value in fields])


def who_of(request: Request) -> str:
    """Who reviewed here last, as their browser remembers it."""
    return printable(unquote(request.cookies.get(WHO, "")))


def remembering(response: RedirectResponse, who: str) -> RedirectResponse:
    """The answer, that makes the browser remember who it was."""
    response.set_cookie(WHO, quote(who), max_age=YEAR_S, samesite="lax", httponly=True)
    return response
