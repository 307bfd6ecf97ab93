//! A simulated Juju agent that runs any charm as Juju would, with real Pebble daemons.
