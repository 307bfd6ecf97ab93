"""Relations and their bags."""

import dataclasses

import ops

from ask import ask, show


@dataclasses.dataclass
class Order:
    """What is saved to a bag and loaded from one."""

    size: int
    name: str = dataclasses.field(default="none", metadata={"alias": "the-name"})


def mapping(charm):
    """The relations as a mapping."""
    ask("Model.relations", lambda: type(charm.model.relations).__name__)
    found = charm.model.relations
    ask("RelationMapping.__iter__", lambda: list(found))
    ask("RelationMapping.__len__", lambda: len(found))
    ask("RelationMapping.__contains__", lambda: ("db" in found, "undeclared" in found))
    for name in found:
        ask(f"RelationMapping[{name}]", lambda: found[name])
    ask("RelationMapping[undeclared]", lambda: found["undeclared"])
    ask("RelationMapping.get", lambda: found.get("undeclared"))
    ask("RelationMapping.keys", lambda: list(found.keys()))
    ask("RelationMapping.values", lambda: list(found.values()))
    ask("RelationMapping.items", lambda: list(found.items()))
    for name in ("db", "many", "none", "undeclared", "old"):
        ask(f"Model.get_relation {name}", lambda: charm.model.get_relation(name))
    for name, number in (("many", 3), ("db", 2), ("db", 99)):
        ask(f"Model.get_relation {name} {number}", lambda: charm.model.get_relation(name, number))


def each(charm):
    """Every relation: who is there, and every bag."""
    for name in sorted(charm.model.relations):
        for relation in charm.model.relations[name]:
            ask(f"Relation {name}", lambda: (relation.id, relation.name, relation.app, relation.active))
            ask(f"Relation {name} units", lambda: relation.units)
            ask(f"Relation {name} remote model", lambda: relation.remote_model)
            bags(charm, relation)


def bags(charm, relation):
    """Reads every bag of a relation."""
    data = relation.data
    ask("RelationData.__len__", lambda: len(data))
    ask("RelationData.__iter__", lambda: {each for each in data})
    ask("RelationData.__contains__", lambda: (charm.unit in data, charm.model.get_unit("x/9") in data))
    ask("RelationData[unknown]", lambda: data[charm.model.get_unit("x/9")])
    for owner in sorted(data, key=show):
        ask(f"RelationData[{owner.name}]", lambda: type(data[owner]).__name__)
        ask(f"RelationDataContent of {owner.name}", lambda: sorted(data[owner].items()))
    ask("RelationData.keys", lambda: {each for each in data.keys()})
    ask("RelationData.values", lambda: len(data.values()))
    ask("RelationData.items", lambda: {owner for owner, _ in data.items()})
    ask("RelationData.get", lambda: data.get(charm.model.get_unit("x/9")))


def writes(charm):
    """Every way to read and write a bag, one's own and those that are not."""
    relation = charm.model.get_relation("db")
    for owner in (charm.unit, charm.app):
        name, bag = owner.name, relation.data[owner]
        ask(f"{name} __setitem__", lambda: bag.__setitem__("key", "value = 'of' all \"kinds\":\n- é\t{x}"))
        ask(f"{name} __setitem__ (number)", lambda: bag.__setitem__("key", 1))
        ask(f"{name} __setitem__ (bad key)", lambda: bag.__setitem__("a=b", "x"))
        ask(f"{name} __setitem__ (unicode key)", lambda: bag.__setitem__("ключ", "x"))
        ask(f"{name} __setitem__ (empty)", lambda: bag.__setitem__("empty", ""))
        ask(f"{name} __setitem__ (reserved)", lambda: bag.__setitem__("private-address", "1.1.1.1"))
        ask(f"{name} update", lambda: bag.update({"a": "1", "b": "2", "c": "3", "d": "4"}))
        ask(f"{name} update (large)", lambda: bag.update({"large": "x" * 20000}))
        ask(f"{name} __getitem__", lambda: bag["key"])
        ask(f"{name} __getitem__ (none)", lambda: bag["none"])
        ask(f"{name} __contains__", lambda: ("key" in bag, "none" in bag))
        ask(f"{name} __len__", lambda: len(bag))
        ask(f"{name} __iter__", lambda: sorted(bag))
        ask(f"{name} get", lambda: (bag.get("a"), bag.get("none", "default")))
        ask(f"{name} setdefault", lambda: (bag.setdefault("a", "x"), bag.setdefault("e", "5")))
        ask(f"{name} pop", lambda: (bag.pop("b"), bag.pop("none", "default")))
        ask(f"{name} pop (none)", lambda: bag.pop("none"))
        ask(f"{name} __delitem__", lambda: bag.__delitem__("c"))
        ask(f"{name} __delitem__ (none)", lambda: bag.__delitem__("none"))
        ask(f"{name} keys", lambda: sorted(bag.keys()))
        ask(f"{name} values", lambda: sorted(len(value) for value in bag.values()))
        ask(f"{name} items", lambda: sorted((key, len(value)) for key, value in bag.items()))
        ask(f"{name} save", lambda: relation.save(Order(3, "a name"), owner))
        ask(f"{name} load", lambda: relation.load(Order, owner, decoder=decoded))
    peers = charm.model.get_relation("cluster")
    own = peers.data[charm.unit]
    ask("clear", own.clear)
    ask("popitem (empty)", own.popitem)
    own.update({"last": "one"})
    ask("popitem", own.popitem)
    own.update({"ready": "true"})
    for owner in (charm.model.get_unit("pg/0"), relation.app):
        bag = relation.data[owner]
        ask(f"{owner.name} load", lambda: relation.load(Order, owner, decoder=decoded))
        ask(f"{owner.name} __setitem__", lambda: bag.__setitem__("not", "ours"))
        ask(f"{owner.name} __delitem__", lambda: bag.__delitem__("host"))
        ask(f"{owner.name} save", lambda: relation.save(Order(1), owner))
    ask("repr", lambda: (repr(relation), repr(relation.data[relation.app])))
    gone = charm.model.relations["old"][0]
    ask("write to a relation that is gone", lambda: gone.data[charm.unit].__setitem__("a", "1"))
    ask("app of a relation that is gone", lambda: (gone.app, gone.active, gone.units))


def decoded(text):
    """The value of a bag: JSON's string and number marks are taken off, anything else stays."""
    return text.strip('"')
