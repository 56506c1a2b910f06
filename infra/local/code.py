"""What a version of a function is, and the machine that every sandbox is started on."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

ACCOUNT = "123456789012"  # moto's
REGION = "us-east-1"
# Where API Gateway's own API answers, below the gateway's address: a path that no model has.
API_GATEWAY = "/_aws/apigateway"
# The truth: the laptop's own Python.  From 3.12 on, awslambdaric starts a thread per request.
_EXECUTION = f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}"
_INHERITED = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # where Python's own libraries may be


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """The files and settings of one version of a function.  Folders come in import order."""

    name: str
    version: str
    task_root: Path
    layers: tuple[Path, ...]
    handler: str
    memory_mb: int
    timeout_s: float
    tmp_mb: int
    environment: dict[str, str]

    @property
    def arn(self) -> str:
        """The function's ARN, without the version."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What the machine lends every sandbox: the runtime's modules, scratch space, addresses.

    `visible` must stay readable should it lie below /tmp.  `confinement` is "auto", or the one
    means of keeping a sandbox from writing that is to be used: "namespace" or "landlock".
    """

    runtime: Path
    visible: tuple[Path, ...]
    scratch: Path
    logs: Path
    environment: dict[str, str]
    confinement: str = "auto"


def import_path(code: Code, host: Host) -> list[Path]:
    """Where a sandbox imports from: the function, its layers, the runtime; nothing else."""
    return [code.task_root, *(layer / "python" for layer in code.layers), host.runtime]


def environment(code: Code, host: Host, runtime_api: str) -> dict[str, str]:
    """A sandbox's environment variables, as in Lambda; nothing of ours leaks into it."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {
        **inherited,
        "PATH": os.defpath,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONPATH": os.pathsep.join(map(str, import_path(code, host))),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EXECUTION_ENV": _EXECUTION,
        "AWS_LAMBDA_FUNCTION_NAME": code.name,
        "AWS_LAMBDA_FUNCTION_VERSION": code.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(code.memory_mb),
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{code.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "LAMBDA_TASK_ROOT": str(code.task_root),
        "LAMBDA_RUNTIME_DIR": str(host.runtime),
        "_HANDLER": code.handler,
        **host.environment,
        **code.environment,
    }
