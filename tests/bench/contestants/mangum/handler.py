"""FastAPI, carried into Lambda by Mangum."""

import os

import onnxruntime as ort
from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel
from question import inputs

app = FastAPI()
path = f"{os.environ['FOLDER']}/model.onnx"
session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])


class Question(BaseModel):
    instances: list[list[float]] | list[str]


@app.post("/v1/models/{model}/predict")
def predict(model: str, question: Question) -> dict:
    [answer] = session.run(None, inputs(question.instances))
    return {"predictions": answer.tolist()}


handler = Mangum(app, lifespan="off")
