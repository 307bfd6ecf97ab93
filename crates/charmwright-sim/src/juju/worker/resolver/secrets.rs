//! Secrets.

use std::collections::BTreeMap;

use super::super::operation::{Op, Tie};
use super::super::remote::Life;
use super::{Found, Next, UnitWorker, one};
use crate::juju::context::HookInfo;
use crate::juju::controller::OperationKind as Kind;

impl UnitWorker {
    pub(super) fn secrets(&mut self) -> Found {
        let (remote, process) = (&self.ears.remote, &self.process);
        let state = &process.state;
        if !state.installed || remote.life == Life::Dying || state.kind != Kind::Continue {
            return Ok(None);
        }
        if let Some(due) = remote.expired.first()
            && let Some((id, revision)) = due.split_once('/')
        {
            let info = HookInfo {
                secret_uri: id.to_owned(),
                secret_revision: revision.parse().unwrap_or_default(),
                ..HookInfo::of_kind("secret-expired")
            };
            let mut op = self.hook_op(info, 0);
            op.tie = Tie::Expiry(due.clone());
            return Ok(Some(one(Op::Hook(op))));
        }
        if let Some(uri) = remote.rotations.first() {
            let info = HookInfo { secret_uri: uri.clone(), ..HookInfo::of_kind("secret-rotate") };
            let mut op = self.hook_op(info, 0);
            op.tie = Tie::Rotation(uri.clone());
            return Ok(Some(one(Op::Hook(op))));
        }
        let changed = remote.consumed.iter().filter(|(uri, (revision, _))| {
            process.secrets.consumed.get(*uri).copied().unwrap_or_default() != *revision
        });
        let changed = changed.map(|(uri, (revision, label))| {
            self.hook(HookInfo {
                secret_uri: uri.clone(),
                secret_revision: *revision,
                secret_label: label.clone(),
                ..HookInfo::of_kind("secret-changed")
            })
        });
        let changed: Vec<Op> = changed.collect();
        if !changed.is_empty() {
            return Ok(Some(Next::Ops(changed)));
        }
        let lost = lost(&process.secrets.obsolete, &remote.obsolete);
        if !remote.deleted.is_empty() || !lost.is_empty() {
            let deleted = remote.deleted.clone();
            return Ok(Some(one(Op::SecretsRemoved { deleted, lost })));
        }
        let mut ops = Vec::new();
        for (uri, revisions) in &remote.obsolete {
            let told = process.secrets.obsolete.get(uri);
            let new = revisions.iter().find(|revision| told.is_none_or(|told| !told.contains(revision)));
            if let Some(revision) = new {
                ops.push(self.hook(HookInfo {
                    secret_uri: uri.clone(),
                    secret_revision: *revision,
                    ..HookInfo::of_kind("secret-remove")
                }));
            }
        }
        Ok((!ops.is_empty()).then_some(Next::Ops(ops)))
    }
}

/// The revisions that the charm was told of and that are not obsolete any more, so gone; none means the whole secret.
fn lost(told: &BTreeMap<String, Vec<i64>>, known: &BTreeMap<String, Vec<i64>>) -> BTreeMap<String, Vec<i64>> {
    let of = |(uri, told): (&String, &Vec<i64>)| match known.get(uri) {
        None => Some((uri.clone(), Vec::new())),
        Some(known) => {
            let lost: Vec<i64> = told.iter().filter(|revision| !known.contains(revision)).copied().collect();
            (!lost.is_empty()).then(|| (uri.clone(), lost))
        }
    };
    told.iter().filter_map(of).collect()
}
