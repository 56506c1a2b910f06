"""Tests of what trains networks: only the training environment has torch."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("torch") else ["test_*.py"]
