"""`make fuzz`: random requests to a cloud, its answers checked against its own description.

FLOTILLA_URL and FLOTILLA_API_KEY name a cloud; without them it is the local one that is up.
"""

import os
import subprocess
import sys
from pathlib import Path

from infra import client

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "tests" / "schemathesis.toml"


def command(url: str, arguments: list[str]) -> list[str]:
    """What runs Schemathesis against the cloud at `url`."""
    tool = Path(sys.executable).with_name("st")
    return [str(tool), "--config-file", str(CONFIG), "run", *arguments, f"{url}/openapi.json"]


def environment(url: str, api_key: str) -> dict[str, str]:
    """What its configuration reads."""
    return {"FLOTILLA_URL": url, "FLOTILLA_API_KEY": api_key}


def main(arguments: list[str]) -> int:
    """Fuzz the cloud; the exit status is that of Schemathesis."""
    try:
        cloud = client.find_cloud(ROOT, os.environ)
    except client.CallError as error:
        print(error, file=sys.stderr)
        return 1
    env = {**os.environ, **environment(cloud.url, cloud.api_key)}
    return subprocess.run(command(cloud.url, arguments), cwd=ROOT / "build", env=env).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
