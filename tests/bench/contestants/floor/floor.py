"""The floor of a Python process: import onnxruntime, build the session, run; no runtime client.

Runs the graph once for each line that it reads, and says so with a line.
"""

import json
import os
import sys

import onnxruntime as ort
from question import inputs

session = ort.InferenceSession(f"{os.environ['FOLDER']}/model.onnx")
instances = json.loads(os.environ["INSTANCES"])

for _ in sys.stdin:
    session.run(None, inputs(instances))
    print("done", flush=True)
