"""Prices, and what they are of, that only planning needs, beside those of `serving.prices`.

US dollars, from AWS's public list for Lambda in us-east-1 as of 2026-11, for Python's SnapStart:
what keeping a version's snapshot costs, and each start from it.
"""

SNAPSHOT_GB_SECOND = 0.0000015046
RESTORE_GB = 0.0001397998
SECONDS_A_MONTH = 30 * 24 * 3600
# Of the server that `serving.prices` has the price of an hour of, a c7i.large.
INSTANCE_CORES = 2
