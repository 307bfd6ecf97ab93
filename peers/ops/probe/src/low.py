"""The functions of ops.hookcmds, which are Juju's commands one by one."""

import datetime

from ops import hookcmds

from ask import ask

EXPIRY = datetime.datetime(2099, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)


def asked(what, call):
    """An error's own fields are part of the answer."""

    def called():
        try:
            return call()
        except hookcmds.Error as error:
            return "failed", error.returncode, error.cmd, error.stdout, error.stderr

    return ask(what, called)


def reads():
    """What only reads."""
    for key in (None, "text", "empty", "never"):
        asked(f"config_get {key}", lambda: hookcmds.config_get(key) if key else hookcmds.config_get())
    for name in ("is_leader", "goal_state", "credential_get"):
        asked(name, getattr(hookcmds, name))
    asked("secret_ids", own_ids)
    for name in ("db", "back", "", "none"):
        asked(f"network_get {name!r}", lambda: hookcmds.network_get(name))
    asked("network_get db 1", lambda: hookcmds.network_get("db", relation_id=1))
    for name in ("blob", "absent", "none"):
        asked(f"resource_get {name}", lambda: hookcmds.resource_get(name).name)
    for name in ("db", "many", "none", "undeclared"):
        asked(f"relation_ids {name}", lambda: hookcmds.relation_ids(name))
    for number, endpoint in ((1, None), (1, "db"), (1, "many"), (99, None), (None, None), (6, "old")):
        asked(f"relation_list {number} {endpoint}", lambda: hookcmds.relation_list(number, endpoint=endpoint))
        asked(f"its app {number} {endpoint}", lambda: hookcmds.relation_list(number, endpoint=endpoint, app=True))
        asked(f"relation_model_get {number}", lambda: hookcmds.relation_model_get(number, endpoint=endpoint))
        for unit, app in (("pg/0", False), ("pg/9", False), ("pg", True), ("probe/0", False), ("probe", True)):
            asked(
                f"relation_get {number} {endpoint} {unit} {app}",
                lambda: hookcmds.relation_get(number, endpoint=endpoint, unit=unit, app=app),
            )
    asked("relation_get key", lambda: hookcmds.relation_get(1, key="host", unit="pg/0"))
    asked("relation_get key (none)", lambda: hookcmds.relation_get(1, key="none", unit="pg/0"))
    for app in (False, True):
        asked(f"status_get {app}", lambda: hookcmds.status_get(app=app))
    for name in ("data/0", "disk/2", "data/9", None):
        asked(f"storage_get {name}", lambda: hookcmds.storage_get(name))
    for name in ("data", "none", None):
        asked(f"storage_list {name}", lambda: hookcmds.storage_list(name))
    for arguments in ({"id": "secret:cccccccccccccccccc10"}, {"label": "of-unit"}, {"label": "none"}):
        asked(f"secret_get {arguments}", lambda: hookcmds.secret_get(**arguments))
        asked(f"secret_get {arguments} peek", lambda: hookcmds.secret_get(**arguments, peek=True))
        asked(f"secret_info_get {arguments}", lambda: hookcmds.secret_info_get(**arguments))


def writes(beyond):
    """What changes something; `beyond` what Juju refuses when it commits."""
    asked("juju_log", lambda: hookcmds.juju_log("a 'line'\nand another", level="WARNING"))
    asked("juju_log -", lambda: hookcmds.juju_log("--not a flag"))
    asked("app_version_set", lambda: hookcmds.app_version_set("9"))
    asked("open_port", lambda: hookcmds.open_port("tcp", 7000, to_port=7010, endpoints=["db", "api"]))
    asked("open_port overlapping", lambda: hookcmds.open_port("tcp", 7005))
    asked("open_port none", lambda: hookcmds.open_port("tcp", 7100, endpoints="none"))
    asked("opened_ports", lambda: hookcmds.opened_ports())
    asked("opened_ports endpoints", lambda: hookcmds.opened_ports(endpoints=True))
    asked("close_port", lambda: hookcmds.close_port("tcp", 7000, to_port=7010, endpoints="db"))
    asked("relation_set", lambda: hookcmds.relation_set({"low": "x: [1", "gone": ""}, 1))
    asked("relation_set app", lambda: hookcmds.relation_set({"low": "y"}, 1, app=True))
    asked("relation_set 99", lambda: hookcmds.relation_set({"low": "y"}, 99))
    asked("status_set", lambda: hookcmds.status_set("waiting", "-m"))
    asked("status_set app", lambda: hookcmds.status_set("active", app=True))
    asked("status_set wrong", lambda: hookcmds.status_set("sleeping"))
    asked("storage_add", lambda: hookcmds.storage_add({"disk": 2}))
    if beyond:
        asked("storage_add none", lambda: hookcmds.storage_add({"none": 1}))
    asked("state_set", lambda: hookcmds.state_set({"key": "1", "other": "a: b\n", "empty": ""}))
    for key in ("key", "other", "none", None):
        asked(f"state_get {key}", lambda: hookcmds.state_get(key))
    asked("state_delete", lambda: hookcmds.state_delete("key"))
    asked("state_get after it", lambda: hookcmds.state_get("key"))
    for owner in ("application", "unit"):
        secret = asked(
            f"secret_add {owner}",
            lambda: hookcmds.secret_add({"token": "t"}, label=f"low-{owner}", expire=EXPIRY, owner=owner),
        )
        if not isinstance(secret, str):
            continue
        asked("secret_set", lambda: hookcmds.secret_set(secret, content={"token": "u"}, owner=owner))
        asked("secret_grant", lambda: hookcmds.secret_grant(secret, 1, unit="pg/0"))
        asked("secret_grant 99", lambda: hookcmds.secret_grant(secret, 99))
        asked("secret_revoke", lambda: hookcmds.secret_revoke(secret, relation_id=1, unit="pg/0"))
        asked("secret_revoke app", lambda: hookcmds.secret_revoke(secret, relation_id=1, app="pg"))
        asked("secret_remove", lambda: hookcmds.secret_remove(secret, revision=1))
        asked("secret_ids", own_ids)
    for name in ("action_get", "action_fail"):
        asked(f"{name} in whatever this is", getattr(hookcmds, name))
    asked("action_get key", lambda: hookcmds.action_get("number"))
    asked("action_set", lambda: hookcmds.action_set({"low": {"a": 1}}))
    asked("action_log", lambda: hookcmds.action_log("low"))


def own_ids():
    """The ids that the model gave, and how many were made since: their order, and new ids, are chance."""
    found = hookcmds.secret_ids()
    given = sorted(one for one in found if one.startswith("cccc"))
    return given, len(found) - len(given)


def reboot():
    """Asks for a reboot after the hook."""
    asked("juju_reboot", hookcmds.juju_reboot)
