"""The optimiser: onnxruntime's, writing what it makes of a graph, with large constants beside it.

Only what any processor does alike is done ahead, the basic level of optimisation; the rest happens
where the graph is loaded.  It runs as the confined child of `training.release.compiling`.
"""

import sys
from pathlib import Path

import onnxruntime as ort

from serving.manifest import GRAPH, WEIGHTS
from training.release import sandbox

_SMALL_BYTES = 1024  # constants up to this size stay in the graph
_ONLY_ERRORS = 3


def main(graph: str, folder: str, memory_mb: str, limit_s: str) -> None:
    """Be the child: read `graph`, write into `folder`."""
    sandbox.confine(int(memory_mb), float(limit_s), writing=True)
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _ONLY_ERRORS
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(Path(folder) / GRAPH)
    for key, value in {
        "session.optimized_model_external_initializers_file_name": WEIGHTS,
        "session.optimized_model_external_initializers_min_size_in_bytes": str(_SMALL_BYTES),
        "session.disable_prepacking": "1",
    }.items():
        options.add_session_config_entry(key, value)
    try:
        raw = Path(graph).read_bytes()
        ort.InferenceSession(raw, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no base of their own
        sys.exit(sandbox.one_line(error))
    (Path(folder) / WEIGHTS).touch()
    print("{}")


if __name__ == "__main__":
    main(*sys.argv[1:])
