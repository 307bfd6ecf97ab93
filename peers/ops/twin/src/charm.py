"""The charm of benches/hook on ops: it asks two applications, reads their answers, a secret and its peers."""

import sys

import ops

UNITS = "unit-bags" in sys.argv


class App(ops.CharmBase):
    """Two related applications, peers and a secret."""

    def __init__(self, framework):
        super().__init__(framework)
        framework.observe(self.on.config_changed, self.on_config_changed)

    def on_config_changed(self, _):
        """Asks for both answers, and is active once they are there."""
        answers = [self.answer(name) for name in ("database", "cache")]
        cluster = self.model.get_relation("cluster")
        if None in answers or not cluster.data[self.app].get("name"):
            self.unit.status = ops.WaitingStatus("waiting for an answer")
            return
        if UNITS and not all(cluster.data[unit].get("host") for unit in cluster.units):
            self.unit.status = ops.WaitingStatus("waiting for a host")
            return
        self.unit.status = ops.ActiveStatus()

    def answer(self, name):
        """What the application at the other end of an endpoint has answered."""
        relation = self.model.get_relation(name)
        if relation is None or relation.app is None:
            return None
        wished = self.config["name"]
        if self.unit.is_leader() and relation.data[self.app].get("requested") != wished:
            relation.data[self.app]["requested"] = wished
        remote = relation.data[relation.app]
        if not remote.get("address"):
            return None
        password = None
        if name == "database":
            password = self.model.get_secret(id=remote["secret-user"]).get_content()["password"]
        hosts = [relation.data[unit].get("host") for unit in relation.units] if UNITS else []
        return remote["address"], password, hosts


if __name__ == "__main__":
    ops.main(App)
