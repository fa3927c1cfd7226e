"""What the API says of itself holds for requests that nobody would think of."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from drives import Drives, drive, engine_over
from server.app import create_app
from serving import serving

ROOT = Path(__file__).parents[2]
CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance"),
    *("response_schema_conformance", "positive_data_acceptance"),
)


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    drives = Drives.at(tmp_path_factory.mktemp("workspace"))
    drives.write(drive(20))
    return create_app(engine_over(drives))


def test_no_generated_request_breaks_the_server_or_the_schema(app):
    with serving(app) as client:
        options = ["--max-examples=8", "--phases=fuzzing", "--seed=6", "--generation-database=none"]
        command = [sys.executable, "-m", "schemathesis.cli", "run", str(client.base_url.join("/openapi.json"))]
        command += [*options, f"--checks={','.join(CHECKS)}", "--no-color"]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]


def test_every_route_tells_its_errors_in_one_shape(app):
    schema = app.openapi()
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            errors = {status: told for status, told in operation["responses"].items() if int(status) >= 400}
            assert {"401", "421", "422", "500"} <= set(errors), (method, path)
            shapes = {told["content"]["application/json"]["schema"]["$ref"] for told in errors.values()}
            assert shapes == {"#/components/schemas/ErrorBody"}, (method, path)
    assert "HTTPValidationError" not in json.dumps(schema)
