"""The way of AWS's samples: boto3 fetches the files from S3 to /tmp, then json in, json out."""

import json
import os
import tempfile

import boto3
import onnxruntime as ort

folder = tempfile.gettempdir()
for name in os.environ["FILES"].split():
    boto3.client("s3").download_file(os.environ["BUCKET"], name, f"{folder}/{name}")
os.environ["FOLDER"] = folder
from question import inputs  # noqa: E402

session = ort.InferenceSession(f"{folder}/model.onnx")


def handler(event, context):
    [answer] = session.run(None, inputs(json.loads(event["body"])["instances"]))
    return {"statusCode": 200, "body": json.dumps({"predictions": answer.tolist()})}
