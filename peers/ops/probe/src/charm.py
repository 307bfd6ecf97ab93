"""The probe: what each event asks, and prints."""

import sys

import ops

import ask
import changes
import hidden
import low
import reads
import relations
from ask import ask as asked


class Probe(ops.CharmBase):
    """Asks Juju for everything, in the event where it makes sense."""

    stored = ops.StoredState()

    def __init__(self, framework):
        super().__init__(framework)
        self.stored.set_default(seen=0, list=[], dict={}, set=set())
        for name, source in sorted(self.on.events().items()):
            if name.startswith("collect_") or isinstance(source.event_type, ops.LifecycleEvent):
                continue
            special = {
                "config_changed": self.on_config_changed,
                "start": self.on_start,
                "install": self.on_install,
                "upgrade_charm": self.on_upgrade_charm,
                "update_status": self.on_update_status,
                "stop": self.on_stop,
                "act_action": self.on_act,
                "give_up_action": self.on_give_up,
                "break_action": self.on_break,
                "low_action": self.on_low,
            }
            framework.observe(source, special.get(name, self.on_any))

    def on_any(self, event):
        """Prints all there is about an event, and reads what it is about."""
        asked("event", lambda: type(event).__name__)
        for name in sorted(set(dir(event)) - {"handle", "framework", "secret", "info", "params"}):
            if not name.startswith("_") and not callable(getattr(type(event), name, None)):
                asked(f"event.{name}", lambda: getattr(event, name))
        if isinstance(event, ops.RelationEvent):
            self.of_relation(event)
        if isinstance(event, ops.SecretEvent):
            self.of_secret(event)
        if isinstance(event, ops.StorageEvent):
            asked("Storage.location", lambda: event.storage.location)
        if isinstance(event, ops.WorkloadEvent):
            asked("Container.can_connect", event.workload.can_connect)
        if isinstance(event, (ops.RemoveEvent, ops.SecretRotateEvent, ops.SecretExpiredEvent)):
            asked("event.defer", event.defer)

    def of_relation(self, event):
        """The relation's bags, and one's own mark in it."""
        relation = event.relation
        asked("event.relation units", lambda: relation.units)
        asked("event.relation active", lambda: (relation.active, relation.app, relation in self.model.relations[relation.name]))
        for owner in (event.unit, event.app, self.unit, self.app):
            if owner is not None:
                asked(f"bag of {owner.name}", lambda: sorted(relation.data[owner].items()))
        asked("write to own bag", lambda: relation.data[self.unit].__setitem__("seen", type(event).__name__))

    def of_secret(self, event):
        """The event's secret, its content, and removal of what nobody reads."""
        asked("event.secret", lambda: event.secret)
        asked("event.secret peek_content", lambda: event.secret.peek_content())
        asked("event.secret get_content", lambda: event.secret.get_content(refresh=True))
        asked("event.secret get_info", lambda: event.secret.get_info())
        if isinstance(event, ops.SecretRotateEvent):
            asked("event.secret set_content", lambda: event.secret.set_content({"token": "rotated"}))
        if isinstance(event, (ops.SecretRemoveEvent, ops.SecretExpiredEvent)):
            asked("event.remove_revision", event.remove_revision)

    def on_install(self, event):
        """What can be known before anything else ran."""
        self.on_any(event)
        reads.context()
        reads.model(self)
        reads.unit(self)

    def on_config_changed(self, event):
        """Reads everything, changes everything."""
        self.on_any(event)
        reads.config(self)
        reads.networks(self)
        reads.resources(self)
        relations.mapping(self)
        relations.each(self)
        relations.writes(self)
        changes.statuses(self)
        changes.ports(self)
        changes.storages(self)
        changes.version(self)
        if self.config["beyond"]:
            changes.pod(self)

    def on_start(self, event):
        """Secrets, and a state that Juju keeps."""
        self.on_any(event)
        hidden.added(self)
        hidden.owned(self)
        hidden.others(self)
        self.stored.seen += 1
        self.stored.list.append("a 'text': é\n")
        self.stored.dict["key"] = [1, 2.5, True, None]
        self.stored.set.add("one")
        asked("stored", lambda: (self.stored.seen, list(self.stored.list), dict(self.stored.dict), set(self.stored.set)))
        # Once: the next hook gets it again, from what Juju kept.
        if self.stored.seen == 1:
            asked("event.defer", event.defer)

    def on_upgrade_charm(self, event):
        """The commands of ops.hookcmds, and what an earlier hook stored."""
        self.on_any(event)
        asked("stored", lambda: (self.stored.seen, list(self.stored.list), dict(self.stored.dict), set(self.stored.set)))
        low.reads()
        low.writes(self.config["beyond"])

    def on_update_status(self, event):
        """Changes a little of everything, and may fail: then Juju keeps what takes effect at once only."""
        self.on_any(event)
        self.unit.status = ops.MaintenanceStatus("just before the end")
        self.unit.open_port("tcp", 6000)
        self.unit.set_workload_version("0")
        self.model.get_relation("db").data[self.unit]["lost"] = "yes"
        self.stored.seen += 100
        self.unit.add_secret({"token": "lost"}, label="lost")
        if self.config["fails"]:
            ask.end()
            raise RuntimeError("as configured")

    def on_stop(self, event):
        """Asks for reboots, which end a hook."""
        self.on_any(event)
        asked("event.defer", event.defer)
        low.reboot()
        asked("Unit.reboot", self.unit.reboot)
        asked("Unit.reboot (other's)", lambda: self.model.get_unit("pg/0").reboot())
        if self.config["fails"]:
            ask.end()
            self.unit.reboot(now=True)

    def on_act(self, event):
        """An action that uses all that actions have."""
        asked("ActionEvent.params", lambda: dict(sorted(event.params.items())))
        asked("ActionEvent.load_params", lambda: event.load_params(dict))
        asked("ActionEvent.id", lambda: event.id)
        asked("ActionEvent.log", lambda: event.log("a 'line'\n--and another é"))
        asked("ActionEvent.set_results", lambda: event.set_results({"text": "a: 'b'\n", "n": 1, "deep": {"a": {"b": True}}}))
        asked("ActionEvent.set_results (more)", lambda: event.set_results({"deep": {"c": "2"}, "n": 2}))
        for wrong in ({"Upper": 1}, {"a_b": 1}, {"": 1}, {"a": {"b": 1}, "a.b": 2}, {"stdout": "x"}):
            asked(f"ActionEvent.set_results {wrong}", lambda: event.set_results(wrong))
        asked("ActionEvent.defer", event.defer)
        asked("Unit.is_leader", self.unit.is_leader)
        asked("read in an action", lambda: sorted(self.model.get_relation("db").data[self.model.get_unit("pg/0")].items()))
        asked("write in an action", lambda: self.model.get_relation("db").data[self.unit].__setitem__("acted", "yes"))
        print("printed by the action")
        print("and as an error", file=sys.stderr)

    def on_give_up(self, event):
        """An action that fails and still has results."""
        asked("ActionEvent.set_results", lambda: event.set_results({"before": "yes"}))
        asked("ActionEvent.fail", lambda: event.fail("no 'more': \"words\"\n-é"))
        asked("ActionEvent.set_results after it", lambda: event.set_results({"after": "yes"}))

    def on_break(self, event):
        """An action whose program breaks."""
        event.set_results({"before": "yes"})
        self.unit.open_port("tcp", 6001)
        ask.end()
        raise RuntimeError("broken")

    def on_low(self, event):
        """The commands of ops.hookcmds within an action."""
        low.writes(self.config["beyond"])


if __name__ == "__main__":
    ask.begin()
    ops.main(Probe, use_juju_for_storage=True)
    ask.end()
