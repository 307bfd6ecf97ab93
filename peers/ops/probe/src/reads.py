"""What a charm can read of its model, unit and application."""

import ops

from ask import ask, show


def context():
    """What the environment says."""
    found = ask("JujuContext.from_environ", ops.JujuContext.from_environ)
    version = ask("JujuVersion.from_environ", ops.JujuVersion.from_environ)
    for name, member in sorted(vars(ops.JujuVersion).items()):
        if isinstance(member, property):
            ask(f"JujuVersion.{name}", lambda: getattr(version, name))
    for method in (version.has_app_data, version.has_controller_storage, version.is_dispatch_aware):
        ask(f"JujuVersion.{method.__name__}", method)
    return found


def model(charm):
    """The model's own."""
    found = charm.model
    for name in ("app", "unit", "name", "uuid", "juju_version"):
        ask(f"Model.{name}", lambda: getattr(found, name))
    ask("Model.get_unit", lambda: found.get_unit("pg/0"))
    ask("Model.get_app", lambda: found.get_app("pg"))
    ask("Model.get_cloud_spec", found.get_cloud_spec)
    wire = {"type": "lxd", "name": "l", "credential": {"auth-type": "none"}}
    ask("CloudSpec.from_dict", lambda: ops.CloudSpec.from_dict(wire))
    ask("CloudCredential.from_dict", lambda: ops.CloudCredential.from_dict(wire["credential"]))
    ask("Model.pod", lambda: type(found.pod).__name__)


def config(charm):
    """The charm's configuration, as a mapping."""
    ask("Model.config", lambda: type(charm.model.config).__name__)
    found = charm.model.config
    ask("ConfigData.keys", lambda: sorted(found.keys()))
    ask("ConfigData.items", lambda: sorted(found.items()))
    ask("ConfigData.values", lambda: sorted(show(value) for value in found.values()))
    ask("ConfigData.get", lambda: (found.get("text"), found.get("empty"), found.get("never", "default")))


def unit(charm):
    """What is asked of units and applications, one's own and others'."""
    model, own, app = charm.model, charm.unit, charm.app
    other = model.get_unit("pg/0")
    ask("Unit.is_leader", own.is_leader)
    ask("Unit.is_leader (other's)", other.is_leader)
    ask("Application.planned_units", app.planned_units)
    ask("Application.planned_units (other's)", other.app.planned_units)
    ask("Unit.status", lambda: own.status)
    ask("Unit.status (other's)", lambda: other.status)
    ask("Application.status", lambda: app.status)
    ask("Application.status (other's)", lambda: other.app.status)
    ask("Unit.containers", lambda: dict(own.containers))
    ask("Unit.containers (other's)", lambda: other.containers)
    ask("Unit.get_container (none)", lambda: own.get_container("none"))
    web = ask("Unit.get_container", lambda: own.get_container("web"))
    ask("Container.can_connect", web.can_connect)
    found = own.containers
    ask("ContainerMapping", lambda: (len(found), list(found), found["web"], found.get("x")))
    ask("ContainerMapping views", lambda: (list(found.keys()), list(found.values()), list(found.items())))


def resources(charm):
    """Resources that are there, absent and not declared."""
    ask("Model.resources", lambda: type(charm.model.resources).__name__)
    found = charm.model.resources
    for name in ("blob", "absent", "undeclared"):
        ask(f"Resources.fetch {name}", lambda: found.fetch(name).read_text())


def networks(charm):
    """Bindings of endpoints, of relations, and of what has none."""
    model = charm.model
    relation = model.get_relation("db")
    for key in ("db", "back", "api", "nothing", relation):
        binding = ask(f"Model.get_binding {key}", lambda: vars(model.get_binding(key))["name"])
        if binding is None:
            continue
        binding = model.get_binding(key)
        network = ask(f"Binding.network {key}", lambda: network_of(binding))
        if network is not None:
            ask("Network.bind_address", lambda: binding.network.bind_address)
            ask("Network.ingress_address", lambda: binding.network.ingress_address)
    ask("Model.get_binding (none)", lambda: model.get_binding(None))
    # Such a mapping has no other way out of its owner.
    found = ops.BindingMapping(model._backend)
    ask("BindingMapping.get", lambda: found.get("db").name)
    ask("BindingMapping[]", lambda: found["db"].name)
    ask("BindingMapping.__iter__", lambda: list(found))
    ask("BindingMapping.__len__", lambda: len(found))
    ask("BindingMapping.keys", lambda: list(found.keys()))
    ask("BindingMapping.values", lambda: list(found.values()))
    ask("BindingMapping.items", lambda: list(found.items()))


def network_of(binding):
    """What the network holds, in one line."""
    found = binding.network
    interfaces = [(one.name, one.address, one.subnet) for one in found.interfaces]
    return interfaces, found.ingress_addresses, found.egress_subnets
