"""The leanest handler one would write: the graph rides in the package, json in, json out."""

import json
import os

import onnxruntime as ort
from question import inputs

options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
path = f"{os.environ['FOLDER']}/model.onnx"
session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def handler(event, context):
    [answer] = session.run(None, inputs(json.loads(event["body"])["instances"]))
    return {"statusCode": 200, "body": json.dumps({"predictions": answer.tolist()})}
