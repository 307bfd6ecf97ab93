"""Asks an operation and prints what came of it, one line each, into probe.out beside the charm's files."""

import enum
import os
from pathlib import Path

import ops
import ops.hookcmds

from coverage import Noted

CHARM = Path(__file__).resolve().parent.parent
NOTED = Noted()


def write(line):
    """Adds a line to probe.out."""
    with open(CHARM / "probe.out", "a", encoding="utf-8") as out:
        out.write(line + "\n")


def begin():
    """Says which dispatch this is."""
    write(f"== {os.environ.get('JUJU_DISPATCH_PATH')}")


def end():
    """Adds what was called to probe.called."""
    with open(CHARM / "probe.called", "a", encoding="utf-8") as out:
        out.writelines(name + "\n" for name in sorted(NOTED.called))


def ask(what, call):
    """Calls, prints what it returned or raised, and returns it; None if it raised."""
    try:
        with NOTED:
            value = call()
            shown = show(value)
    except Exception as error:  # Every error is an answer here.
        write(f"{what} ! {type(error).__name__}: {show(str(error))}")
        return None
    write(f"{what} = {shown}")
    return value


def put(owner, name, value):
    """Assigns an attribute."""
    ask(f"{type(owner).__name__}.{name} = {show(value)}", lambda: setattr(owner, name, value))


def show(value):
    """The value as one line, the same in every run: sets and mappings in order, paths below the charm's folder."""
    if isinstance(value, (ops.Unit, ops.Application)):
        return value.name
    if isinstance(value, ops.Container):
        return f"container {value.name}"
    if isinstance(value, ops.Storage):
        return f"storage {value.full_id}"
    if isinstance(value, ops.Secret):
        return f"secret id={value.id!r} label={value.label!r}"
    if isinstance(value, enum.Enum):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return "{" + ", ".join(sorted(show(item) for item in value)) + "}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{show(key)}: {show(value[key])}" for key in value) + "}"
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return "(" + ", ".join(show(item) for item in value) + ")"
    if isinstance(value, list):
        return "[" + ", ".join(show(item) for item in value) + "]"
    if isinstance(value, (str, int, float, Path, ops.StatusBase, ops.Relation, ops.Port)) or value is None:
        return repr(value)
    if hasattr(value, "__dataclass_fields__") or type(value).__module__.startswith("ops"):
        fields = {name: field for name, field in sorted(vars(value).items()) if not name.startswith("_")}
        return type(value).__name__ + show(fields)
    return repr(value)
