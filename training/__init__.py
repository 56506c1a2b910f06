"""Train models offline, check them and publish them as artifacts; nothing here serves requests."""
