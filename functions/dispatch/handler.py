"""The service for routes that name the model in the body: embeddings, forecasts.

Only this module reads the environment.
"""

import json
import os
from pathlib import Path

from functions.dispatch.door import Door
from functions.dispatch.lambda_api import LambdaApi
from serving.sigv4 import Credentials
from serving.telemetry import Telemetry


def build() -> Door:
    """The door, with what the build says of the models in its package."""
    region = os.environ["AWS_REGION"]
    return Door(
        models=json.loads((Path(__file__).parent / "models.json").read_bytes()),
        functions=LambdaApi(
            endpoint=os.environ.get("AWS_ENDPOINT_URL_LAMBDA")
            or f"https://lambda.{region}.amazonaws.com",
            region=region,
            credentials=Credentials(
                os.environ["AWS_ACCESS_KEY_ID"],
                os.environ["AWS_SECRET_ACCESS_KEY"],
                os.environ.get("AWS_SESSION_TOKEN", ""),
            ),
        ),
        stack=os.environ["FLOTILLA_STACK"],
        telemetry=Telemetry(
            service=os.environ["POWERTOOLS_SERVICE_NAME"],
            namespace=os.environ["POWERTOOLS_METRICS_NAMESPACE"],
            trace_id=lambda: os.environ.get("_X_AMZN_TRACE_ID", ""),
        ),
    )


handler = build()
