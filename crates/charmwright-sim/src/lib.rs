//! A simulated Juju agent that runs any charm as Juju would.
//!
//! It knows nothing of Charmwright: it runs a charm's `dispatch`, in whatever language it is written, with Juju's
//! environment, hook commands on the `PATH`, and real Pebble daemons for its containers.
//!
//! | module | for |
//! |---|---|
//! | [`charm`] | what a charm declares, and its folder as Juju lays it out |
//! | [`juju`] | Juju's side of one run: what the controller keeps, hook commands, environment, commit; and the program that others drive |
//! | [`model`] | the world of one unit: what the controller keeps, and what the charm was told of it |
//! | [`remote`] | the scripted applications at the other end |
//! | [`events`] | which hook comes next |
//! | [`agent`] | runs hooks until nothing is left to do |
//! | [`record`], [`watch`] | what a hook did; looking on, and killing on the way |
//! | [`pod`] | the unit's network and containers |
//! | [`scenario`], [`play`], [`timeline`] | a scenario file, played and printed |

pub mod agent;
pub mod charm;
pub mod events;
pub mod juju;
pub mod juju_live;
pub mod model;
pub mod play;
pub mod pod;
pub mod record;
pub mod remote;
pub mod scenario;
pub mod timeline;
pub mod tool;
pub mod watch;
