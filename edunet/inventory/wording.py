"""How is a schema error said in the words of the house?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from edunet.inventory.finding import quote
from edunet.inventory.nearest import nearest

_FOREIGN: Final = frozenset(get_args(ErrorType))
_WHOLE: Final = "{got} is not a whole number; write digits only"
_NUMBER: Final = "{got} is not a number; write it like 30.5"
_TABLE: Final = "{got} is not a mapping; write key: value"
_SAYINGS: Final = {
    "string_type": "{got} is not text; write text",
    "string_too_short": "nothing is written; write text",
    "string_too_long": "{got} is longer than {max_length} characters; shorten it",
    "string_pattern_mismatch": "{got} is not an id; write small letters, digits and hyphens",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "greater_than": "{got} is too small; write more than {gt}",
    "greater_than_equal": "{got} is too small; write {ge} or more",
    "less_than_equal": "{got} is too large; write {le} or less",
    "tuple_type": "{got} is not a list; write [..., ...]",
    "dict_type": _TABLE,
    "model_type": _TABLE,
}


def say(error: ErrorDetails, model: Any, *, hidden: bool = False) -> str:
    """What is wrong and what to write, of an error that `model` found.

    With `hidden` nothing of what was written is shown: it may be a secret.
    """
    kind = error["type"]
    got = "this" if hidden else quote(error["input"])
    context = error.get("ctx", {})
    if kind == "missing":
        key = error["loc"][-1]
        return f"{key} is missing; write {key}: ..."
    if kind == "extra_forbidden":
        return unknown_key(str(error["loc"][-1]), _keys(model, error["loc"][:-1]))
    if kind == "literal_error":
        words = context["expected"].replace("'", "").replace(" or ", ", ")
        return f"{got} is none of {words}; write one of them"
    if kind not in _FOREIGN:
        return error["msg"]
    saying = _SAYINGS.get(kind, "{got} cannot stand here; see edunet check --schema")
    if error["input"] is None:
        saying = "nothing is written; write a value, or remove the key"
    return saying.format(got=got, **{name: _plain(limit) for name, limit in context.items()})


def _plain(limit: object) -> object:
    """A limit as it may be written back: 90, not 90.0."""
    return int(limit) if isinstance(limit, float) and limit.is_integer() else limit


def renamed(errors: Iterable[ErrorDetails], model: Any) -> set[tuple[int | str, ...]]:
    """Where keys belong that were misspelt: to call them missing as well would be one too many."""
    places = [error["loc"] for error in errors if error["type"] == "extra_forbidden"]
    return {
        (*loc[:-1], near)
        for loc in places
        if (near := nearest(str(loc[-1]), _keys(model, loc[:-1])))
    }


def unknown_key(written: str, known: Iterable[str]) -> str:
    """What to write instead of a key that means nothing; the key itself is not repeated."""
    if near := nearest(written, known):
        return f"unknown key; write {near}"
    return f"unknown key; known are {', '.join(known)}"


def _keys(model: Any, path: tuple[int | str, ...]) -> list[str]:
    """The keys that may stand at `path` below `model`."""
    for step in path:
        model = _bare(model)
        if isinstance(model, type) and issubclass(model, BaseModel):
            model = model.model_fields[str(step)].annotation
        else:
            arguments = get_args(model)
            model = arguments[1] if get_origin(model) is dict else arguments[0]
    return list(_bare(model).model_fields)


def _bare(model: Any) -> Any:
    """Without `| None` and without what is annotated."""
    models = [
        one for one in get_args(model) if isinstance(one, type) and issubclass(one, BaseModel)
    ]
    is_box = get_origin(model) in (tuple, dict)
    return models[0] if models and not is_box else model
