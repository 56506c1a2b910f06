"""The onnxruntime session of one graph, with a deadline on every run."""

import os
import threading
from pathlib import Path
from time import monotonic, sleep

# Linux wheels upload telemetry by default since 1.29; it must be off before the import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

# The compiled module itself: the Python around it costs a start 3 ms, and a run as much as 5 us.
from onnxruntime.capi import onnxruntime_pybind11_state as ort

from serving.datatypes import FROM_ONNX
from serving.errors import ArtifactError, DeadlineExceeded, TooLarge, Unprocessable
from serving.lock import Tuning
from serving.manifest import Manifest, TensorSpec
from serving.types import Tensors

# AWS Lambda gives one vCPU per 1,769 MB.
MB_PER_VCPU = 1769
_TICK_S = 0.05
_ONLY_ERRORS = 3
# onnxruntime's and C++'s words for it, as it has no kind of error of its own.
_OUT_OF_MEMORY = ("Failed to allocate memory", "bad_alloc")
_UNTUNED = Tuning()


class Session:
    """A loaded graph.  It answers one run at a time, as a Lambda sandbox does."""

    def __init__(
        self, graph: bytes | Path, manifest: Manifest, memory_mb: int, tuning: Tuning = _UNTUNED
    ) -> None:
        """Load a graph from bytes, so that it cannot name files; what we compiled, from its path.

        Raises ArtifactError.
        """
        named = isinstance(graph, Path)
        if named:
            _require_version(manifest)
        try:
            self._session = ort.InferenceSession(
                _options(memory_mb, tuning), str(graph) if named else graph, named, False
            )
            self._session.initialize_session(["CPUExecutionProvider"], [{}], set())
        except Exception as error:  # onnxruntime's errors share no base of their own
            raise ArtifactError(f"onnxruntime cannot load the graph: {error}") from None
        _require_same("inputs", self._session.inputs_meta, manifest.inputs)
        _require_same("outputs", self._session.outputs_meta, manifest.outputs)
        self._inputs = [tensor.name for tensor in manifest.inputs]
        self._outputs = [tensor.name for tensor in manifest.outputs]
        self._watchdog = _Watchdog()

    def run(self, inputs: Tensors, deadline: float) -> Tensors:
        """Run the graph on those of `inputs` that it takes.

        `deadline` is on the clock of `time.monotonic`.

        Raises DeadlineExceeded; TooLarge when memory does not do, Unprocessable when the graph
        cannot run on these inputs.
        """
        if monotonic() >= deadline:
            raise DeadlineExceeded("the time for the answer was over before the model ran")
        feeds = {name: inputs[name] for name in self._inputs}
        options = self._watchdog.watch(deadline)
        try:
            outputs = self._session.run(self._outputs, feeds, options)
        except (ort.InvalidArgument, ort.Fail, ort.RuntimeException) as error:
            if options.terminate:
                raise DeadlineExceeded("the model did not answer in time") from None
            shapes = {name: list(array.shape) for name, array in feeds.items()}
            if any(words in str(error) for words in _OUT_OF_MEMORY):
                raise TooLarge(
                    f"inputs of shapes {shapes} take more memory than this function has"
                ) from None
            raise Unprocessable(f"the graph cannot run on inputs of shapes {shapes}") from error
        finally:
            self._watchdog.rest(deadline)
        return dict(zip(self._outputs, outputs, strict=True))


class _Watchdog:
    """A thread that terminates a run whose deadline has passed, to within one tick.

    Watching costs two attribute writes while it is awake, and it falls asleep between requests.
    Runs share their options until one outlives its deadline: the patrol may still terminate those.
    """

    def __init__(self) -> None:
        self._options = ort.RunOptions()
        self._watched: tuple[ort.RunOptions, float] | None = None
        self._awake = threading.Event()
        threading.Thread(target=self._patrol, name="deadline", daemon=True).start()

    def watch(self, deadline: float) -> ort.RunOptions:
        options = self._options
        self._watched = (options, deadline)
        if not self._awake.is_set():
            self._awake.set()
        return options

    def rest(self, deadline: float) -> None:
        self._watched = None
        if monotonic() >= deadline:
            self._options = ort.RunOptions()

    def _patrol(self) -> None:
        while self._awake.wait():
            watched = self._watched
            if watched is None:
                self._awake.clear()
                if self._watched is not None:  # a run began between the look and the clear
                    self._awake.set()
                continue
            options, deadline = watched
            left = deadline - monotonic()
            if left <= 0 and self._watched is watched:
                options.terminate = True
            sleep(min(max(left, 0.001), _TICK_S))


def threads_for(memory_mb: int) -> int:
    """How many threads a function of this memory has a vCPU for."""
    return max(1, round(memory_mb / MB_PER_VCPU))


def _options(memory_mb: int, tuning: Tuning) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = min(threads_for(memory_mb), tuning.threads)
    options.inter_op_num_threads = 1  # both are set, or onnxruntime pins threads by itself
    options.log_severity_level = _ONLY_ERRORS
    if not tuning.prepacking:
        options.add_session_config_entry("session.disable_prepacking", "1")
    return options


def _require_version(manifest: Manifest) -> None:
    """What one version of onnxruntime has optimised is for that version only."""
    found = ort.get_version_string()
    if manifest.compiled is None or manifest.compiled.onnxruntime != found:
        raise ArtifactError(
            f"the graph is compiled as {manifest.compiled}, this is onnxruntime {found}: "
            "run `flotilla build`"
        )


def _require_same(what: str, found: list[ort.NodeArg], promised: tuple[TensorSpec, ...]) -> None:
    real = [(node.name, FROM_ONNX.get(node.type, node.type), _shape(node)) for node in found]
    stated = [(tensor.name, tensor.datatype, tensor.shape) for tensor in promised]
    if real != stated:
        raise ArtifactError(f"the graph has {what} {real}, its manifest says {stated}")


def _shape(node: ort.NodeArg) -> tuple[int, ...]:
    return tuple(size if isinstance(size, int) else -1 for size in node.shape)
