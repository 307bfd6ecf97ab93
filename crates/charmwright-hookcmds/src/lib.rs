//! Juju's hook commands, typed, over one replaceable transport.
