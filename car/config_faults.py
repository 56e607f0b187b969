"""What is wrong with a car.toml, in one line: the key, its value, its range, what was meant."""

import difflib
import re
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from msgspec import Meta, Struct

WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
MESSAGE = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<where>.*)`)?", re.DOTALL)
UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")


def explain(message: str, document: dict[str, Any], root: type[Struct]) -> str:
    """Turn msgspec's message into one that a reader of car.toml can act on.

    Args:
        message: of the msgspec.ValidationError.
        document: what car.toml says, before it was checked.
        root: the struct that it should have become.
    """
    match = MESSAGE.fullmatch(message)
    assert match is not None  # every part of the pattern may be empty
    keys = match["where"].split(".") if match["where"] else []
    unknown = UNKNOWN.fullmatch(match["what"])
    if unknown is not None:
        return _unknown_key([*keys, unknown[1]], root)
    if not keys:
        return match["what"]
    return f"{'.'.join(keys)} = {_shown(document, keys)} must be {allowed(_annotation(root, keys))}"


def allowed(annotation: Any) -> str:
    """Describe in words what a key may hold: the kind of value, and its range."""
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        return "a section with keys of its own"
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
    if get_origin(annotation) is Literal:
        return " or ".join(repr(kind) for kind in kinds)
    if get_origin(annotation) is Annotated:
        texts = [extra.description for extra in kinds[1:] if isinstance(extra, Meta)]
        if any(texts):
            return f"a text: {' '.join(filter(None, texts))}"
        bounds = [_range(extra) for extra in kinds[1:] if isinstance(extra, Meta)]
        return " ".join([allowed(kinds[0]), *bounds])
    if kinds:
        return " or ".join(allowed(kind) for kind in kinds)
    return WORDS.get(annotation, str(annotation))


def _range(meta: Meta) -> str:
    """Say where the range begins and ends, and whether its ends belong to it."""
    low = {"from": meta.ge, "above": meta.gt}
    high = {"to" if meta.gt is None else "up to": meta.le, "below": meta.lt}
    ends = [
        " and ".join(f"{word} {bound}" for word, bound in end.items() if bound is not None)
        for end in (low, high)
    ]
    return (" " if meta.gt is None else " and ").join(filter(None, ends))


def _unknown_key(keys: list[str], root: type[Struct]) -> str:
    """Name a key that does not exist and the one most like it; failing that, all there are."""
    section, known = keys[:-1], get_type_hints(_annotation(root, keys[:-1]))
    likely = difflib.get_close_matches(keys[-1], known, n=1) or _elsewhere(keys[-1], root)
    hint = f"did you mean {likely[0]}?" if likely else f"known here: {', '.join(known)}"
    place = f"[{'.'.join(section)}]" if section else "the file"
    return f"there is no key {keys[-1]} in {place}; {hint}"


def _elsewhere(key: str, root: type[Struct], section: str = "") -> list[str]:
    """Find the sections in which a key of just this name does exist."""
    found = []
    for name, annotation in get_type_hints(root, include_extras=True).items():
        path = f"{section}{name}"
        if name == key and section:
            found.append(path)
        if isinstance(annotation, type) and issubclass(annotation, Struct):
            found += _elsewhere(key, annotation, f"{path}.")
    return found


def _annotation(root: type[Struct], keys: list[str]) -> Any:
    """Follow keys down the structs to what the last one may hold."""
    annotation: Any = root
    for key in keys:
        annotation = get_type_hints(annotation, include_extras=True)[key]
    return annotation


def _shown(document: dict[str, Any], keys: list[str]) -> str:
    """Give the value that car.toml has at these keys, as text."""
    value: Any = document
    for key in keys:
        value = value[key]
    return repr(value) if not isinstance(value, bool) else str(value).lower()
