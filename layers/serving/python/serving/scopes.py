"""Which models a key is for: its scopes, as the authorizer passes them on, names with commas.

The authorizer checks them where the path names the model; who reads the name in a body checks here.
"""

from collections.abc import Mapping

from serving.errors import Forbidden

EVERY_MODEL = "*"
_MODELS = "models"


def allows(scopes: str, model: str) -> bool:
    """Whether a key with these scopes is for this model."""
    names = scopes.split(",")
    return EVERY_MODEL in names or model in names


def require(scopes: str, model: str) -> None:
    """Raise Forbidden unless a key with these scopes is for this model."""
    if not allows(scopes, model):
        raise Forbidden(refusal(scopes, model))


def refusal(scopes: str, model: str) -> str:
    """Why a key with these scopes is refused."""
    return f"this key is for {scopes.replace(',', ', ')}, not for {model}"


def named_by(resource: str, parameters: Mapping[str, str] | None) -> str | None:
    """The model that a route names, `iris` for `/v1/models/iris/{proxy+}`; None if it names none.

    `parameters` are those of the path, for a route like `/v1/models/{model}/jobs`.  It goes by the
    route that matched, as a path could be written in more ways than one.
    """
    match resource.split("/"):
        case ["", "v1" | "v2", segment, name, *_] if segment == _MODELS:
            if name.startswith("{"):
                return (parameters or {}).get(name.strip("{}+"))
            return name
    return None
