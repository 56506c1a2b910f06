"""FastAPI, carried into Lambda by Mangum."""

import os

import numpy as np
import onnxruntime as ort
from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel

app = FastAPI()
session = ort.InferenceSession(os.environ["MODEL"], providers=["CPUExecutionProvider"])


class Question(BaseModel):
    instances: list[list[float]]


@app.post("/v1/models/iris/predict")
def predict(question: Question) -> dict:
    [scores] = session.run(None, {"features": np.array(question.instances, dtype=np.float32)})
    return {"predictions": scores.tolist()}


handler = Mangum(app, lifespan="off")
