"""Figures of AWS that decide something in the template, each with its public origin."""

# SQS: "set the visibility timeout to at least six times the function's timeout, and
# maxReceiveCount to at least 5" (AWS Lambda developer guide, Using Lambda with Amazon SQS).
VISIBILITY_TIMEOUTS = 6
MAX_RECEIVES = 5

# MaximumConcurrency of an SQS event source is 2 to 1,000 (AWS Lambda developer guide, same page).
LEAST_POLLER_CONCURRENCY = 2

# A message is kept for 14 days at most (Amazon SQS quotas).
DEAD_LETTER_RETENTION_S = 14 * 24 * 3600

# EventBridge retries a target for 24 hours and 185 times by default (EventBridge user guide).
EVENT_RETRIES = 185
EVENT_AGE_S = 24 * 3600

# Longest description of a function (AWS Lambda API reference, CreateFunction).
DESCRIPTION_CHARACTERS = 256

# Resources in one stack (AWS CloudFormation quotas).
STACK_RESOURCES = 500
