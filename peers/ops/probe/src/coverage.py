"""Which public operations of ops there are, and which the probe really called.

An operation is a method or a property (`name=` is its setter) with code of its own or inherited, of a class below;
and a function of ops.hookcmds. What was called is noted by Python itself, so a line that only claims it does not count.
Run as a program it lists the operations, less those of EXCEPTIONS.
"""

import enum
import functools
import inspect
import sys
from pathlib import Path

import ops
import ops.hookcmds
import ops.model

HERE = Path(__file__).resolve().parent
OPERATORS = (
    "__getitem__", "__setitem__", "__delitem__", "__iter__", "__len__", "__contains__", "__repr__", "__eq__",
)
PEBBLE = "speaks to Pebble, not to Juju"
# A name, or a class's name and a dot, and why it is not called.
EXCEPTIONS = {
    "Container.": PEBBLE + "; only whether it can connect is asked",
    "LazyNotice.": PEBBLE,
    "LazyCheckInfo.": PEBBLE,
    "ServiceInfoMapping.": PEBBLE,
    "CheckInfoMapping.": PEBBLE,
    "MultiPushPullError.": PEBBLE,
    "StatusBase.register": "adds a class; asks Juju nothing",
    "CollectMetricsEvent.": "Juju 3.6 sends no such event to a charm without metrics",
    "CollectStatusEvent.": "asks Juju nothing by itself",
    "LifecycleEvent.": "raised by ops, not by Juju",
    "LazyMapping.": "has no instances of its own; RelationDataContent and ConfigData are asked",
    "restore": "called by ops when it emits an event",
    "snapshot": "called by ops when it emits an event",
}


@functools.cache
def ours(file):
    """Whether the file is one of the probe's."""
    return Path(file).resolve().parent == HERE


def classes():
    """The classes whose operations count."""
    for name, found in sorted(vars(ops.model).items()):
        if name.startswith("_") or not inspect.isclass(found) or found.__module__ != "ops.model":
            continue
        if not issubclass(found, enum.Enum):
            yield found
    for name, found in sorted(vars(ops).items()):
        if inspect.isclass(found) and issubclass(found, ops.EventBase):
            yield found
    yield ops.JujuContext
    yield ops.JujuVersion


def codes(member):
    """The suffix and code of each way to use a member of a class."""
    if isinstance(member, property):
        for suffix, function in (("", member.fget), ("=", member.fset)):
            if function is not None:
                yield suffix, function.__code__
        return
    member = getattr(member, "__func__", member)
    if inspect.isfunction(member):
        yield "", member.__code__


def operations():
    """All operations: by class and code, and by code for plain functions."""
    of_classes, plain = {}, {}
    owners = list(classes())
    for owner in owners:
        for name in sorted(dir(owner)):
            if name.startswith("_") and name not in OPERATORS:
                continue
            definer = next((base for base in owner.__mro__ if name in vars(base)), owner)
            # Counted once, where it is written; what comes from Python's own mappings counts for each mapping.
            if definer is not owner and (definer in owners or name in OPERATORS):
                continue
            for suffix, code in codes(inspect.getattr_static(owner, name, None)):
                of_classes[owner, code] = f"{owner.__name__}.{name}{suffix}"
    for name in ops.hookcmds.__all__:
        found = getattr(ops.hookcmds, name)
        if inspect.isfunction(found):
            plain[found.__code__] = f"hookcmds.{name}"
    return of_classes, plain


def expected():
    """The names of the operations that must be called."""
    of_classes, plain = operations()
    names = set(of_classes.values()) | set(plain.values())
    return sorted(name for name in names if not excepted(name))


def excepted(name):
    """Whether the operation is one of the exceptions."""
    owner, _, operation = name.partition(".")
    if name == "Container.can_connect":
        return False
    # Values without a method that asks Juju: comparing and printing them is Python's own.
    if operation in ("__repr__", "__eq__") and owner not in ("StatusBase", "Secret", "Relation"):
        return True
    return name in EXCEPTIONS or f"{owner}." in EXCEPTIONS or operation in EXCEPTIONS


class Noted:
    """Notes the operations that the probe's own files call, while entered."""

    def __init__(self):
        self.of_classes, self.plain = operations()
        self.known = {code for _, code in self.of_classes} | set(self.plain)
        self.called = set()

    def __enter__(self):
        sys.setprofile(self.note)

    def __exit__(self, *_):
        sys.setprofile(None)

    def note(self, frame, event, _):
        code = frame.f_code
        if event != "call" or code not in self.known:
            return
        if frame.f_back is None or not ours(frame.f_back.f_code.co_filename):
            return
        if code in self.plain:
            self.called.add(self.plain[code])
            return
        owner = frame.f_locals.get(code.co_varnames[0])
        owner = owner if inspect.isclass(owner) else type(owner)
        for base in owner.__mro__:
            if (base, code) in self.of_classes:
                self.called.add(self.of_classes[base, code])


def stale():
    """Exceptions that except nothing, so that the list stays short."""
    of_classes, plain = operations()
    names = {name for name in (*of_classes.values(), *plain.values()) if excepted(name)}
    parts = {part for name in names for part in (name, name.partition(".")[0] + ".", name.partition(".")[2])}
    return sorted(set(EXCEPTIONS) - parts)


if __name__ == "__main__":
    if stale():
        sys.exit(f"exceptions that except nothing: {stale()}")
    print("\n".join(expected()))
