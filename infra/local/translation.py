"""The template as CloudFormation, kept in the build folder: SAM's translator takes a second."""

import json
import os
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from infra.resources.blocks import Block
from infra.resources.jobs import WEBHOOK_HOSTS

KEPT = "stack.json"
# What a deployment is asked for, as a laptop answers it.
_PARAMETERS = {WEBHOOK_HOSTS: "127.0.0.1,localhost"}
_TRANSFORM = Path(__file__).parents[1] / "transform.py"


def translate(template: Block, build: Path) -> Block:
    """The CloudFormation template of a SAM template; the last one is kept in `build`."""
    template = _answered(template)
    kept = build / KEPT
    digest = _digest(template)
    try:
        known = json.loads(kept.read_bytes())
        if known["digest"] == digest:
            stack: Block = known["stack"]
            return stack
    except (FileNotFoundError, KeyError, TypeError, ValueError):
        pass  # none is kept, or half of one
    from infra.transform import transform  # imported only now, as that alone takes half a second

    stack = transform(template)
    partial = build / f"{KEPT}.{os.getpid()}"
    partial.write_text(json.dumps({"digest": digest, "stack": stack}))
    partial.rename(kept)
    return stack


def _answered(template: Block) -> Block:
    """The same template, its parameters' defaults replaced by what a laptop has to say."""
    parameters = {
        name: parameter | ({"Default": _PARAMETERS[name]} if name in _PARAMETERS else {})
        for name, parameter in template.get("Parameters", {}).items()
    }
    return template | ({"Parameters": parameters} if parameters else {})


def _digest(template: Block) -> str:
    """SHA-256 of all that decides the translation."""
    text = json.dumps(template, sort_keys=True) + version("aws-sam-translator")
    return sha256(text.encode() + _TRANSFORM.read_bytes()).hexdigest()
