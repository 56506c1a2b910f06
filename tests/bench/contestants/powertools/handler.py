"""Powertools whole: resolver with validation, logger, tracer, metrics."""

import os

import numpy as np
import onnxruntime as ort
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel

logger, tracer = Logger(service="iris"), Tracer(service="iris")
metrics = Metrics(namespace="Bench", service="iris")
app = APIGatewayRestResolver(enable_validation=True)
session = ort.InferenceSession(os.environ["MODEL"], providers=["CPUExecutionProvider"])


class Question(BaseModel):
    instances: list[list[float]]


@app.post("/v1/models/iris/predict")
@tracer.capture_method
def predict(question: Question) -> dict:
    [scores] = session.run(None, {"features": np.array(question.instances, dtype=np.float32)})
    metrics.add_metric(name="Requests", unit=MetricUnit.Count, value=1)
    logger.info("request")
    return {"predictions": scores.tolist()}


@metrics.log_metrics
@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event, context):
    return app.resolve(event, context)
