"""A server with a token: programs are told of it, browsers get a form; nobody finds it by trying."""

import pytest

from drives import Drives, drive, engine_over
from server.api.attempts import Attempts
from server.api.context import Services
from server.app import create_app
from server.web.signin_page import local
from serving import serving

TOKEN = "correct-horse-battery"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    drives = Drives.at(tmp_path_factory.mktemp("workspace"))
    drives.write(drive(5))
    return engine_over(drives)


@pytest.fixture
def client(engine, clock):
    services = Services(engine, token=TOKEN, attempts=Attempts(per_minute=3, clock=clock))
    with serving(create_app(engine, services=services)) as asking:
        yield asking


def signed_in(client, **form):
    return client.post("/login", data={"token": TOKEN, **form}, headers=BROWSER)


def test_a_browser_gets_a_form_that_leads_on_and_a_program_gets_json(client):
    page = client.get("/search?q=risk>=4&group=1", headers=BROWSER)
    assert (page.status_code, page.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert 'action="/login"' in page.text
    assert 'name="next" value="/search?q=risk%3E=4&amp;group=1"' in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["hx-refresh"] == "true"  # no form inside a list of cards
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert client.get("/search").json()["error"] == "TokenNeeded"
    assert client.get("/static/signin.css").status_code == 200


def test_the_token_becomes_a_cookie_and_the_page_that_was_asked_for(client):
    done = signed_in(client, next="/search?q=risk%3A4")
    assert (done.status_code, done.headers["location"]) == (303, "/search?q=risk%3A4")
    cookie = done.headers["set-cookie"].casefold()
    assert ("httponly" in cookie, "samesite=lax" in cookie, "secure" in cookie) == (True, True, False)
    assert client.get("/search", headers=BROWSER).status_code == 200


def test_behind_a_proxy_with_tls_the_cookie_stays_on_tls(client):
    done = client.post("/login", data={"token": TOKEN}, headers={"X-Forwarded-Proto": "https"})
    assert "secure" in done.headers["set-cookie"].casefold()


def test_a_cookie_of_another_server_on_this_host_does_not_hide_ours(client):
    given = {"Cookie": f'other={{"a": 1}}; odd cookie; semdrive_token={TOKEN}; =x'}
    assert client.get("/api/stats", headers=given).status_code == 200


def test_a_wrong_token_is_said_so_and_gives_no_cookie(client):
    refused = client.post("/login", data={"token": "guess", "next": "/frame/x"}, headers=BROWSER)
    assert (refused.status_code, "set-cookie" in refused.headers) == (401, False)
    assert "wrong token" in refused.text
    assert 'value="/frame/x"' in refused.text
    assert "guess" not in refused.text


@pytest.mark.parametrize(
    "elsewhere",
    [
        *("https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example"),
        *("javascript:alert(1)", "/\n/evil.example", "evil", "", "/x\r\nSet-Cookie: a=b", "/" + "x" * 5000),
    ],
)
def test_signing_in_leads_to_no_other_place(client, elsewhere):
    assert local(elsewhere) == "/search"
    assert signed_in(client, next=elsewhere).headers["location"] == "/search"


def test_a_page_of_another_site_signs_nobody_in(client):
    foreign = {**BROWSER, "Origin": "https://evil.example"}
    assert client.post("/login", data={"token": TOKEN}, headers=foreign).status_code == 403


@pytest.mark.parametrize("way", ["form", "json", "bearer", "cookie"])
def test_who_tries_many_tokens_waits_whichever_way(client, clock, way):
    def tried(token):
        match way:
            case "form":
                return client.post("/login", data={"token": token})
            case "json":
                return client.post("/api/login", json={"token": token})
            case "bearer":
                return client.get("/api/stats", headers={"Authorization": f"Bearer {token}"})
        return client.get("/api/stats", headers={"Cookie": f"semdrive_token={token}"})

    assert [tried(f"guess-{number}").status_code for number in range(3)] == [401] * 3
    refused = tried(TOKEN)  # right, and yet not told: else trying on would pay
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert client.get("/health").status_code == 200
    assert client.get("/search", headers={**BROWSER, "Authorization": "Bearer x"}).status_code == 429
    clock.now_s += 60
    assert tried(TOKEN).status_code < 400


def test_an_old_cookie_sent_with_every_picture_counts_once(client):
    for _ in range(9):
        client.get("/api/stats", headers={"Cookie": "semdrive_token=of-last-week"})
    assert signed_in(client).status_code == 303


def test_an_ipv6_network_is_one_client(clock):
    attempts = Attempts(per_minute=1, clock=clock)
    attempts.wrong("2001:db8::1", "guess")
    with pytest.raises(Exception, match="1 wrong tokens"):
        attempts.check("2001:db8::2")
    attempts.check("2001:db8:0:1::1")
    attempts.wrong("::ffff:192.0.2.1", "guess")
    attempts.check("::ffff:192.0.2.2")


def test_without_a_token_there_is_nothing_to_sign_in_to(engine):
    with serving(create_app(engine)) as client:
        assert client.get("/login").headers["location"] == "/search"
        assert client.post("/login", data={"token": "x"}).status_code == 400
