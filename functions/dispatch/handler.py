"""The service for routes that name the model in the body: embeddings, forecasts.

Only this module reads the environment.
"""

import json
import os
from pathlib import Path

from functions.dispatch import lambda_api
from functions.dispatch.door import Door
from serving.telemetry import Telemetry


def build() -> Door:
    """The door, with what the build says of the models in its package."""
    models = json.loads((Path(__file__).parent / "models.json").read_bytes())
    return Door(
        models=models,
        functions=lambda_api.connect(os.environ),
        stack=os.environ["FLOTILLA_STACK"],
        telemetry=Telemetry.from_environment(os.environ),
    )


handler = build()
