//! Pebble's contract: what a client may rely on, asked of the real daemons and of the simulated one alike.
//!
//! A trial is a case on a target, such as `1.26.0::layers::an_empty_layer_changes_nothing`. Cases are in one file for each
//! topic; [`case`] has how they are told, [`target`] what they are run against.

#![expect(clippy::unwrap_used, clippy::panic, reason = "all of this is a test")]

mod another_user;
#[macro_use]
mod case;
mod daemon;
mod process;
mod programs;
mod raw;
mod target;
mod websocket;

mod access;
mod checks;
mod checks_commands;
mod checks_runs;
mod command_line;
mod connect;
mod dependencies;
mod envelope;
mod exec;
mod exec_context;
mod exec_late;
mod exec_streams;
mod exec_terminal;
mod exec_wire;
mod files;
mod files_kinds;
mod files_memory;
mod files_owner;
mod files_refused;
mod files_streamed;
mod files_tree;
mod files_wire;
mod folder;
mod health;
mod identities;
mod layers;
mod logs;
mod metrics;
mod notices;
mod notices_users;
mod ops;
mod plan;
mod recovery;
mod replan;
mod services;
mod signals;
mod stopping;
mod system;
mod waiting;

use std::collections::BTreeMap;

use libtest_mimic::{Arguments, Completion, Trial};

use crate::case::{Case, Need};
use crate::target::Target;

/// All cases, by topic.
const TOPICS: &[(&str, &[Case])] = &[
    ("access", access::CASES),
    ("checks", checks::CASES),
    ("checks_commands", checks_commands::CASES),
    ("checks_runs", checks_runs::CASES),
    ("command_line", command_line::CASES),
    ("connect", connect::CASES),
    ("dependencies", dependencies::CASES),
    ("envelope", envelope::CASES),
    ("exec", exec::CASES),
    ("exec_context", exec_context::CASES),
    ("exec_late", exec_late::CASES),
    ("exec_streams", exec_streams::CASES),
    ("exec_terminal", exec_terminal::CASES),
    ("exec_wire", exec_wire::CASES),
    ("files", files::CASES),
    ("files_kinds", files_kinds::CASES),
    ("files_memory", files_memory::CASES),
    ("files_owner", files_owner::CASES),
    ("files_refused", files_refused::CASES),
    ("files_streamed", files_streamed::CASES),
    ("files_tree", files_tree::CASES),
    ("files_wire", files_wire::CASES),
    ("folder", folder::CASES),
    ("health", health::CASES),
    ("identities", identities::CASES),
    ("layers", layers::CASES),
    ("logs", logs::CASES),
    ("metrics", metrics::CASES),
    ("notices", notices::CASES),
    ("notices_users", notices_users::CASES),
    ("ops", ops::CASES),
    ("plan", plan::CASES),
    ("recovery", recovery::CASES),
    ("replan", replan::CASES),
    ("services", services::CASES),
    ("signals", signals::CASES),
    ("stopping", stopping::CASES),
    ("system", system::CASES),
    ("waiting", waiting::CASES),
];

/// More than the machine may have processors: cases wait most of their time.
const THREADS: usize = 16;

fn main() {
    if another_user::answered() {
        return;
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(THREADS));
    let mut trials = Vec::new();
    for target in target::all() {
        let mut left_out: BTreeMap<Need, usize> = BTreeMap::new();
        for (topic, case) in
            TOPICS.iter().flat_map(|(topic, cases)| cases.iter().map(move |case| (topic, case)))
        {
            match case.needs.iter().find(|(need, _)| !target.has(*need)) {
                Some((need, _)) => *left_out.entry(*need).or_default() += 1,
                None => trials.push(trial(&target, topic, *case)),
            }
        }
        report(&arguments, &target, &left_out);
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn trial(target: &Target, topic: &str, case: Case) -> Trial {
    let name = format!("{}::{topic}::{}", target.name, case.name);
    let target = target.clone();
    Trial::ignorable_test(name, move || {
        let root = case.needs.iter().find(|(need, _)| *need == Need::Root);
        match root {
            Some((_, why)) if !nix::unistd::geteuid().is_root() => {
                Ok(Completion::ignored_with(format!("only root can: {why}")))
            }
            _ => {
                (case.run)(&target);
                Ok(Completion::Completed)
            }
        }
    })
}

/// What is not run is told, so that nobody takes it for passed. Why a case needs what it does stands with the case.
#[expect(clippy::print_stdout, reason = "it is part of what the tests print")]
fn report(arguments: &Arguments, target: &Target, left_out: &BTreeMap<Need, usize>) {
    if left_out.is_empty() || arguments.list {
        return;
    }
    let by_need: Vec<String> =
        left_out.iter().map(|(need, cases)| format!("{cases} need {need:?}")).collect();
    let (cases, by_need) = (left_out.values().sum::<usize>(), by_need.join(", "));
    println!("{}: {cases} cases cannot be put to it: {by_need}", target.name);
}
