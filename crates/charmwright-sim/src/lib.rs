//! A simulated Juju agent that runs any charm as Juju would.
//!
//! It knows nothing of Charmwright: it runs a charm's `dispatch`, in whatever language it is written, with Juju's
//! environment, hook commands on the `PATH`, and real Pebble daemons for its containers.
//!
//! | module | for |
//! |---|---|
//! | [`charm`] | what a charm declares, and its folder as Juju lays it out |
//! | [`model`] | the world of one unit: config, relations, secrets, statuses, ports |
//! | [`remote`] | the scripted applications at the other end |
//! | [`events`] | which hook comes next |
//! | [`hook`] | one hook: its environment, its commands, what it writes |
//! | [`agent`] | runs hooks until nothing is left to do |
//! | [`pod`] | the unit's network and containers |
//! | [`scenario`], [`play`], [`timeline`] | a scenario file, played and printed |

pub mod agent;
pub mod charm;
pub mod events;
pub mod hook;
pub mod model;
pub mod play;
pub mod pod;
pub mod remote;
pub mod scenario;
pub mod timeline;
pub mod tool;
