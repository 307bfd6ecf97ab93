"""Secrets: one's own, granted ones, denied ones."""

import datetime

import ops

from ask import ask

EXPIRY = datetime.datetime(2099, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
CONTENT = {"password": "p'w: \"x\"\n- é", "user": "u"}


def added(charm):
    """Adds, looks up, changes, grants and removes, by both owners."""
    relation = charm.model.get_relation("db")
    for owner in (charm.app, charm.unit):
        label = f"new-{type(owner).__name__.lower()}"
        ask("add_secret (empty)", lambda: owner.add_secret({}))
        ask("add_secret (bad key)", lambda: owner.add_secret({"No": "x"}))
        ask("add_secret (short key)", lambda: owner.add_secret({"ab": "x"}))
        ask("add_secret (bad expiry)", lambda: owner.add_secret(CONTENT, expire="soon"))
        secret = ask(
            f"{label} add_secret",
            lambda: owner.add_secret(
                CONTENT, label=label, description="a 'new' one", expire=EXPIRY, rotate=ops.SecretRotate.DAILY
            ),
        )
        if secret is None:
            continue
        ask(f"{label} id", lambda: secret.id)
        ask(f"{label} unique_identifier", lambda: secret.unique_identifier)
        ask(f"{label} label", lambda: secret.label)
        ask(f"{label} repr", lambda: repr(secret))
        ask(f"{label} get_content", secret.get_content)
        ask(f"{label} get_content (refresh)", lambda: secret.get_content(refresh=True))
        ask(f"{label} peek_content", secret.peek_content)
        ask(f"{label} get_info", secret.get_info)
        ask(f"{label} grant", lambda: secret.grant(relation))
        ask(f"{label} grant (unit)", lambda: secret.grant(relation, unit=charm.model.get_unit("pg/0")))
        ask(f"{label} grant (no such unit)", lambda: secret.grant(relation, unit=charm.model.get_unit("pg/7")))
        ask(f"{label} set_info", lambda: secret.set_info(description="another", rotate=ops.SecretRotate.NEVER))
        ask(f"{label} by id", lambda: charm.model.get_secret(id=secret.id).get_content())
        ask(f"{label} by label", lambda: charm.model.get_secret(label=label).get_content())
        ask(f"{label} by label again", lambda: owner.add_secret(CONTENT, label=label))
        ask(f"{label} remove_revision (none)", lambda: secret.remove_revision(9))
    dropped = ask("add_secret, bare", lambda: charm.unit.add_secret({"token": "t"}))
    ask("bare set_content", lambda: dropped.set_content({"token": "t2"}))
    ask("bare get_content", dropped.get_content)
    ask("bare set_info (nothing)", dropped.set_info)
    ask("bare remove_all_revisions", dropped.remove_all_revisions)
    ask("bare after its removal", dropped.get_info)


def owned(charm):
    """Secrets that an earlier hook committed."""
    relation = charm.model.get_relation("db")
    for label in ("of-unit", "of-app"):
        secret = ask(f"{label}", lambda: charm.model.get_secret(label=label))
        if secret is None:
            continue
        ask(f"{label} get_info", secret.get_info)
        ask(f"{label} get_content", secret.get_content)
        ask(f"{label} set_content (same)", lambda: secret.set_content({"token": "one"}))
        ask(f"{label} set_content", lambda: secret.set_content({"token": "three"}))
        ask(f"{label} get_content after it", secret.get_content)
        ask(f"{label} peek_content after it", secret.peek_content)
        ask(f"{label} get_content (refresh)", lambda: secret.get_content(refresh=True))
        ask(f"{label} set_info", lambda: secret.set_info(label=f"{label}-renamed", expire=EXPIRY))
        ask(f"{label} by its new label", lambda: charm.model.get_secret(label=f"{label}-renamed").label)
        ask(f"{label} grant", lambda: secret.grant(relation))
        ask(f"{label} revoke (unit)", lambda: secret.revoke(relation, unit=charm.model.get_unit("pg/0")))
        ask(f"{label} revoke", lambda: secret.revoke(relation))
        ask(f"{label} remove_revision", lambda: secret.remove_revision(1))
    for label in ("to-drop",):
        secret = ask(label, lambda: charm.model.get_secret(label=label))
        if secret is not None:
            ask(f"{label} remove_all_revisions", secret.remove_all_revisions)


def others(charm):
    """Secrets of others: granted, denied, not there; tracked revisions."""
    get = charm.model.get_secret
    granted, denied = "secret:cccccccccccccccccc10", "secret:cccccccccccccccccc20"
    ask("get_secret (nothing)", lambda: get())
    ask("get_secret (no such id)", lambda: get(id="secret:dddddddddddddddddd00"))
    ask("get_secret (bad id)", lambda: get(id="secret:nonsense"))
    ask("get_secret (no such label)", lambda: get(label="nobody's"))
    ask("get_secret (denied)", lambda: get(id=denied))
    secret = ask("granted", lambda: get(id=granted))
    ask("granted get_content", secret.get_content)
    ask("granted peek_content", secret.peek_content)
    ask("granted get_info", secret.get_info)
    ask("granted grant", lambda: secret.grant(charm.model.get_relation("db")))
    ask("granted, labelled", lambda: get(id=granted, label="theirs").get_content())
    ask("granted, by label", lambda: get(label="theirs").get_content())
    ask("granted, refreshed", lambda: get(label="theirs").get_content(refresh=True))
    ask("granted, after it", lambda: get(id=granted).get_content())
    if charm.config["beyond"]:
        ask("granted set_content", lambda: secret.set_content({"user": "x"}))
        ask("granted set_info", lambda: secret.set_info(label="mine-now"))
        ask("granted revoke", lambda: secret.revoke(charm.model.get_relation("db")))
        ask("granted remove_revision", lambda: secret.remove_revision(1))
        ask("granted remove_all_revisions", secret.remove_all_revisions)
    login = ask("config of type secret", lambda: charm.model.config.get("login"))
    user = ask("user's secret", lambda: get(id=login))
    if user is not None:
        ask("user's secret get_content", user.get_content)
        ask("user's secret unique_identifier", lambda: user.unique_identifier)
    wire = {"revision": 3, "label": "l", "expiry": "2099-01-02T03:04:05Z", "rotation": "daily", "description": "d"}
    ask("SecretInfo.from_dict", lambda: ops.SecretInfo.from_dict("secret:x", wire))
