"""The leanest handler one would write: the graph rides in the package, json in, json out."""

import json
import os

import numpy as np
import onnxruntime as ort

options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = ort.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])


def handler(event, context):
    rows = np.array(json.loads(event["body"])["instances"], dtype=np.float32)
    [scores] = session.run(None, {"features": rows})
    return {"statusCode": 200, "body": json.dumps({"predictions": scores.tolist()})}
