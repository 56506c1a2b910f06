"""The service for jobs: requests that are answered later, of up to a million lines.

Two doors: API Gateway's, and the queue of what is to be done.  Only this module reads the
environment.
"""

import os
import time
from typing import Any

import boto3
from botocore.config import Config

from functions.jobs.api import Api
from functions.jobs.door import Door
from functions.jobs.inputs import Inputs
from functions.jobs.queue import Queue
from functions.jobs.results import Results
from functions.jobs.table import Jobs
from functions.jobs.webhooks import Hosts, Post
from functions.jobs.worker import Worker
from serving.telemetry import Telemetry

# Addresses are signed with version 4, which every region takes; workers read and write at once.
_S3 = Config(signature_version="s3v4", max_pool_connections=16)


def build() -> Door:
    """Both doors over boto3's clients."""
    s3 = boto3.client("s3", config=_S3)
    dynamodb: Any = boto3.resource("dynamodb")
    jobs = Jobs(dynamodb.Table(os.environ["FLOTILLA_JOBS_TABLE"]), time.time)
    inputs = Inputs(s3, os.environ["FLOTILLA_UPLOADS_BUCKET"])
    results = Results(s3, os.environ["FLOTILLA_RESULTS_BUCKET"])
    queue = Queue(boto3.client("sqs"), os.environ["FLOTILLA_JOBS_QUEUE"])
    hosts = Hosts.read(os.environ["FLOTILLA_WEBHOOK_HOSTS"])
    telemetry = Telemetry.from_environment(os.environ)
    return Door(
        api=Api(jobs, inputs, results, queue, hosts, time.time),
        worker=Worker(jobs, inputs, results, queue, Post(hosts), time.time),
        telemetry=telemetry,
    )


handler = build()
