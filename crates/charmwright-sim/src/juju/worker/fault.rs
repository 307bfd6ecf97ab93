//! Where Juju 3.6.11 itself goes wrong.

use std::fmt;

/// Something that Juju 3.6.11 does and should not. A charm has to survive it all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// On machines, an attached resource gives no upgrade-charm if another hook is started first.
    LostModifiedVersion,
    /// A hook of Pebble that fails is passed over.
    SkippedPebbleHook,
    /// On Kubernetes, a storage hook overwrites the hook that is queued.
    LostToStorage,
    /// After a restart of the agent, a peer relation is broken like any other.
    PeerBroken,
    /// After a restart of the agent, relation-broken does not say which application it was.
    NoRemoteApp,
    /// A relation that is in scope when the agent starts gets no relation-created.
    LostCreated,
    /// The hook of an application's secret runs on a unit that does not lead any more.
    RotateByNonLeader,
    /// The rotation of a unit's own secret is refused, and the unit is stuck for ever.
    UnitRotateRefused,
    /// A secret-rotate that is passed over, or only committed after a crash, ends the agent.
    RotateSkippedPanics,
    /// A secret-rotate or secret-expired that succeeds on a retry runs once more.
    SecretHookTwice,
    /// After the pod was replaced, a hook that was only queued is reported as failed.
    NeverRanIsFailed,
    /// A relation that is resumed gets no relation-created.
    ResumedNotCreated,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::LostModifiedVersion,
        Self::SkippedPebbleHook,
        Self::LostToStorage,
        Self::PeerBroken,
        Self::NoRemoteApp,
        Self::LostCreated,
        Self::RotateByNonLeader,
        Self::UnitRotateRefused,
        Self::RotateSkippedPanics,
        Self::SecretHookTwice,
        Self::NeverRanIsFailed,
        Self::ResumedNotCreated,
    ];

    /// What goes wrong, in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Self::LostModifiedVersion => "loses upgrade-charm for an attached resource here",
            Self::SkippedPebbleHook => "passes over a failed hook of Pebble here",
            Self::LostToStorage => "loses the queued hook to a storage hook here",
            Self::PeerBroken => "takes a peer relation for any other here",
            Self::NoRemoteApp => "has forgotten the remote application here",
            Self::LostCreated => "loses relation-created here",
            Self::RotateByNonLeader => "runs a leader's hook on a unit that does not lead here",
            Self::UnitRotateRefused => {
                "refuses to note the rotation of a unit's secret here: the unit is stuck"
            }
            Self::RotateSkippedPanics => "ends with an error here, and again after each start",
            Self::SecretHookTwice => "runs the secret's hook once more here",
            Self::NeverRanIsFailed => "reports a hook as failed that never ran here",
            Self::ResumedNotCreated => "gives a resumed relation no relation-created here",
        }
    }

    /// What comes next instead, for whoever waits.
    pub fn instead(self) -> &'static str {
        match self {
            Self::LostModifiedVersion => "nothing, until the charm itself is refreshed",
            Self::SkippedPebbleHook => {
                "pebble-ready with the next poll; after a notice or check, all of Pebble's events once more"
            }
            Self::LostToStorage => "the storage hook, and the events that follow it",
            Self::PeerBroken => "relation-broken of the peer relation when the unit goes",
            Self::NoRemoteApp => "relation-broken without JUJU_REMOTE_APP",
            Self::LostCreated => "relation-joined or relation-changed",
            Self::RotateByNonLeader => "the hook, without the right to change the secret",
            Self::UnitRotateRefused | Self::RotateSkippedPanics => "nothing, until an operator helps",
            Self::SecretHookTwice => "the same hook a second time",
            Self::NeverRanIsFailed => "the hook, when it is retried",
            Self::ResumedNotCreated => "relation-changed, and relation-joined for each unit",
        }
    }

    /// The row of the notes on Juju's order of events that tells of it.
    pub fn row(self) -> u8 {
        match self {
            Self::LostModifiedVersion => 2,
            Self::SkippedPebbleHook => 3,
            Self::LostToStorage => 6,
            Self::PeerBroken => 7,
            Self::NoRemoteApp => 8,
            Self::LostCreated => 10,
            Self::RotateByNonLeader => 11,
            Self::UnitRotateRefused => 12,
            Self::RotateSkippedPanics => 13,
            Self::SecretHookTwice => 14,
            Self::NeverRanIsFailed => 19,
            Self::ResumedNotCreated => 23,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Juju 3.6.11 {}; instead: {}", self.title(), self.instead())
    }
}
