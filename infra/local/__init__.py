"""The cloud on a laptop: the rendered template, run without an account and without containers."""
