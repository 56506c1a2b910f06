"""Powertools whole: resolver with validation, logger, tracer, metrics."""

import os

import onnxruntime as ort
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel
from question import inputs

logger, tracer = Logger(service="bench"), Tracer(service="bench")
metrics = Metrics(namespace="Bench", service="bench")
app = APIGatewayRestResolver(enable_validation=True)
path = f"{os.environ['FOLDER']}/model.onnx"
session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])


class Question(BaseModel):
    instances: list[list[float]] | list[str]


@app.post("/v1/models/<model>/predict")
@tracer.capture_method
def predict(model: str, question: Question) -> dict:
    [answer] = session.run(None, inputs(question.instances))
    metrics.add_metric(name="Requests", unit=MetricUnit.Count, value=1)
    logger.info("request")
    return {"predictions": answer.tolist()}


@metrics.log_metrics
@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handler(event, context):
    return app.resolve(event, context)
