"""The way of AWS's samples: boto3 fetches the model from S3 to /tmp, then json in, json out."""

import json
import os
import tempfile

import boto3
import numpy as np
import onnxruntime as ort

path = os.path.join(tempfile.gettempdir(), "model.onnx")
boto3.client("s3").download_file(os.environ["BUCKET"], "model.onnx", path)
session = ort.InferenceSession(path)


def handler(event, context):
    rows = np.array(json.loads(event["body"])["instances"], dtype=np.float32)
    [scores] = session.run(None, {"features": rows})
    return {"statusCode": 200, "body": json.dumps({"predictions": scores.tolist()})}
