"""What a charm changes of its unit: status, ports, storage, version."""

import ops

from ask import ask, put, show

TEXT = "a 'message': \"of\" -all- kinds\né"


def statuses(charm):
    """Every status, of the unit and the application, and what cannot be one."""
    for kind in (ops.MaintenanceStatus, ops.BlockedStatus, ops.WaitingStatus, ops.ActiveStatus):
        for owner in (charm.unit, charm.app):
            put(owner, "status", kind(TEXT))
            # Asked of Juju again: ops remembers what it set.
            owner._invalidate()
            ask(f"{type(owner).__name__}.status", lambda: owner.status)
    put(charm.unit, "status", ops.ActiveStatus())
    for wrong in (ops.UnknownStatus(), ops.ErrorStatus("no"), "active"):
        put(charm.unit, "status", wrong)
    put(charm.model.get_unit("pg/0"), "status", ops.ActiveStatus())
    put(charm.model.get_app("pg"), "status", ops.ActiveStatus())
    ask("StatusBase.from_name", lambda: ops.StatusBase.from_name("blocked", "m"))
    ask("StatusBase.from_name (none)", lambda: ops.StatusBase.from_name("none", "m"))
    ask("StatusBase.__eq__", lambda: ops.ActiveStatus("a") == ops.ActiveStatus("a"))
    ask("StatusBase.__repr__", lambda: repr(ops.WaitingStatus("a")))


def ports(charm):
    """Opens and closes ports, one by one and as a set."""
    unit = charm.unit
    ask("opened_ports", unit.opened_ports)
    for protocol, port in (("tcp", 8000), ("udp", 53), ("TCP", 8001), ("icmp", None), ("tcp", 8000)):
        ask(f"open_port {protocol} {port}", lambda: unit.open_port(protocol, port))
    for protocol, port in (("tcp", None), ("icmp", 1), ("tcp", 0), ("tcp", 70000), ("sctp", 5)):
        ask(f"open_port {protocol} {port}", lambda: unit.open_port(protocol, port))
    ask("opened_ports after opening", unit.opened_ports)
    for protocol, port in (("udp", 53), ("tcp", 9999), ("icmp", None), ("tcp", None), ("sctp", 5)):
        ask(f"close_port {protocol} {port}", lambda: unit.close_port(protocol, port))
    ask("opened_ports after closing", unit.opened_ports)
    ask("set_ports", lambda: unit.set_ports(8080, ops.Port("udp", 5353), ops.Port("tcp", 8000)))
    if charm.config["beyond"]:
        ask("set_ports (icmp)", lambda: unit.set_ports(8080, ops.Port("udp", 5353), ops.Port("icmp", None)))
    ask("opened_ports at the end", unit.opened_ports)
    ask("Port", lambda: (ops.Port("tcp", 1), ops.Port("tcp", 1) == ops.Port("tcp", 1)))


def storages(charm):
    """What is attached, and asking for more."""
    ask("Model.storages", lambda: type(charm.model.storages).__name__)
    found = charm.model.storages
    ask("StorageMapping.__iter__", lambda: list(found))
    ask("StorageMapping.__len__", lambda: len(found))
    ask("StorageMapping.__contains__", lambda: ("data" in found, "none" in found))
    ask("StorageMapping.keys", lambda: list(found.keys()))
    ask("StorageMapping.values", lambda: sorted(show(value) for value in found.values()))
    ask("StorageMapping.items", lambda: [(name, show(value)) for name, value in found.items()])
    ask("StorageMapping.get", lambda: found.get("none"))
    ask("StorageMapping[none]", lambda: found["none"])
    for name in sorted(found):
        for storage in ask(f"StorageMapping[{name}]", lambda: sorted(found[name], key=lambda one: one.index)):
            ask("Storage.full_id", lambda: storage.full_id)
            ask("Storage.index", lambda: (storage.name, storage.index))
            ask("Storage.id", lambda: storage.id)
            ask("Storage.location", lambda: storage.location)
            put(storage, "location", "/elsewhere")
            ask("Storage.location after it", lambda: storage.location)
    # One name a hook: Juju sends the requests of different names in any order.
    wanted = (("disk", 1), ("disk", 50)) if charm.config["beyond"] else (("data", 1), ("data", 2))
    for name, count in (*wanted, ("none", 1), ("data", 0)):
        ask(f"StorageMapping.request {name} {count}", lambda: found.request(name, count))
    ask("StorageMapping.request (a text)", lambda: found.request("data", "1"))


def pod(charm):
    """The specification of a pod, as charms before sidecars set it."""
    ask("Pod.set_spec", lambda: charm.model.pod.set_spec({"version": 3, "containers": []}))
    whole = {"version": 3, "containers": [{"name": "a", "image": "b"}]}
    ask("Pod.set_spec (whole)", lambda: charm.model.pod.set_spec(whole))
    ask("Pod.set_spec (more)", lambda: charm.model.pod.set_spec(whole, {"kubernetesResources": {}}))


def version(charm):
    """The workload's version."""
    ask("Unit.set_workload_version", lambda: charm.unit.set_workload_version("1.2.3-é"))
    ask("Unit.set_workload_version (number)", lambda: charm.unit.set_workload_version(1))
