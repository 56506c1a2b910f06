"""What stands between a trained artifact and a published version: checks, a trial, a number."""
