"""What is this make of device called, what may we say to it, and how do we read what it says?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from collector.profiles.files import MAX_PROFILES, complaints, read
from collector.profiles.schema import Profile, Reading, Ssh, Word
from edunet.errors import ConfigError

__all__ = ["SHIPPED", "Profile", "Reading", "Ssh", "Word", "load", "load_all", "match"]

SHIPPED: Final = Path(__file__).parent
MAX_DEPTH: Final = 8


def load(name: str, folders: Sequence[Path] = ()) -> Profile:
    """The profile of this name, the parents it `extends` merged in.

    `folders` are the site's own and are looked at first, the shipped ones last. A site's file that
    `extends` its own name adds to the shipped file it stands in front of. `huawei-vrp`, as an
    inventory has to write it, is the file `huawei_vrp.yaml`.

    Raises:
        ConfigError: no such profile, or one that may not be used; says which file and why.
    """
    name = name.replace("-", "_")
    places = [*folders, SHIPPED]
    path, merged = _written(name, places, MAX_DEPTH)
    if "name" in merged:
        raise ConfigError(f"{path}: a profile is called as its file; remove name")
    try:
        return Profile.model_validate({**merged, "name": name})
    except ValidationError as error:
        raise ConfigError("\n".join(complaints(path, error))) from None


def load_all(folders: Sequence[Path] = ()) -> dict[str, Profile]:
    """Every profile there is, by name: what `match` chooses from.

    Raises:
        ConfigError: one of them may not be used.
    """
    places = [folder for folder in [*folders, SHIPPED] if folder.is_dir()]
    names = {path.stem for folder in places for path in folder.glob("*.yaml")}
    if hyphened := sorted(name for name in names if "-" in name):
        better = hyphened[0].replace("-", "_")
        raise ConfigError(f"profile {hyphened[0]}.yaml: call the file {better}.yaml")
    if len(names) > MAX_PROFILES:
        raise ConfigError(f"{len(names)} profiles; keep at most {MAX_PROFILES}")
    return {name: load(name, folders) for name in sorted(names)}


def match(sysobjectid: str, profiles: Mapping[str, Profile] | Iterable[Profile]) -> Profile | None:
    """The profile with the longest prefix of this sysObjectID (dotted), or None."""
    oid = sysobjectid.strip().strip(".") + "."
    best: tuple[int, Profile] | None = None
    for profile in profiles.values() if isinstance(profiles, Mapping) else profiles:
        for prefix in profile.match.sysobjectid:
            if oid.startswith(prefix + ".") and (best is None or len(prefix) > best[0]):
                best = len(prefix), profile
    return best[1] if best else None


def _written(name: str, places: Sequence[Path], depth: int) -> tuple[Path, dict[str, Any]]:
    """What the files say, parents first, as plain data; and the file that has the last word."""
    for index, place in enumerate(places):
        path = place / f"{name}.yaml"
        if not path.is_file():
            continue
        own = read(path)
        parent = own.pop("extends", None)
        if parent is None:
            return path, own
        if not isinstance(parent, str):
            raise ConfigError(f"{path}: extends names one profile; write extends: generic")
        if depth == 0:
            raise ConfigError(f"{path}: extends goes in a circle; remove one of them")
        # Its own name means the file it hides; any other name may again be a site's.
        further = places[index + 1 :] if parent == name else places
        below = _written(parent, further, depth - 1)[1]
        if parent != name:
            below.pop("match", None)  # another make's device ids are its own
        return path, _merge(below, own)
    known = sorted({path.stem for place in places for path in place.glob("[!.]*.yaml")})
    raise ConfigError(f"no profile {name!r}; choose one of {', '.join(known)}")


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        if not (isinstance(under, Mapping) and isinstance(value, Mapping)):
            merged[key] = value
        else:
            # How one answer is read is one thing: half a parent's way is nobody's.
            merged[key] = {**under, **value} if key == "read" else _merge(under, value)
    return merged


def vendor(sysobjectid: str, profiles: Mapping[str, Profile] | Iterable[Profile]) -> str | None:
    """The vendor whose profile fits this sysObjectID, or None."""
    found = match(sysobjectid, profiles)
    return found.vendor if found else None
