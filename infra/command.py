"""The command `flotilla`, which also stands where only the Python client was installed."""

import sys

_ROOMS = {"infra", "serving", "training"}


def main() -> None:
    """Run the command line, or say in a line that what it needs is not here."""
    try:
        from infra.cli import app
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in _ROOMS:
            raise  # a bug
        sys.exit(
            f"error: {error.name} is not installed: `flotilla` runs in a clone of its repository, "
            "after `make up`; for programs there is `flotilla.client`"
        )
    app()


if __name__ == "__main__":
    main()
