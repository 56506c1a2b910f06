"""The SAM template as CloudFormation sees it: what the tests assert on and the local cloud runs.

The translator runs in this process and asks nobody: no network, no credentials.
"""

import copy
import json
import logging
import posixpath

import boto3
from samtranslator.parser.parser import Parser  # type: ignore[import-untyped] # it has no types
from samtranslator.translator.translator import Translator  # type: ignore[import-untyped] # as above

from infra.resources.blocks import Block

# SAM takes packages from S3 only, so a package that is still here gets a bucket of this name.
BUCKET = "local"
REGION = "us-east-1"
_PACKAGES = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
}


def transform(template: Block) -> Block:
    """The CloudFormation template that a SAM template stands for.

    A package's S3 key is its path from the repository's root: `build/lambda/functions/iris.zip`.
    """
    # It warns about feature switches that only AWS's own service has.
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    session = boto3.Session(region_name=REGION)
    translator = Translator({}, Parser(), boto_session=session)
    transformed = translator.translate(_packaged(template), {"AWS::Region": REGION})
    # Through JSON, as it is made of dictionaries and strings that imitate those of Python 2.
    plain: Block = json.loads(json.dumps(transformed))
    return plain


def _packaged(template: Block) -> Block:
    """A copy with its packages in S3, as `sam package` would leave it."""
    copied = copy.deepcopy(template)
    for block in copied["Resources"].values():
        if key := _PACKAGES.get(block["Type"]):
            path = posixpath.normpath(posixpath.join("infra", block["Properties"][key]))
            block["Properties"][key] = {"Bucket": BUCKET, "Key": path}
    return copied
