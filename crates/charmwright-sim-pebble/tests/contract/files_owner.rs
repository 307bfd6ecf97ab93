//! Files: whose they are.

use std::fs;
use std::os::unix::fs::MetadataExt;

use charmwright_pebble::{FileErrorKind, MakeDirOptions, Owner, WriteOptions};

use crate::files::{failed, start};
use crate::target::Target;

cases! {
    numbers_need_no_names: Root = "only root gives files away", Files = "it looks at them";
    a_name_brings_its_group: Root = "only root gives files away", Files = "it looks at them";
    a_user_may_have_another_group: Root = "only root gives files away", Files = "it looks at them";
    what_is_made_above_has_the_same_owner: Root = "only root gives files away", Files = "it looks at them";
    a_new_file_has_not_the_old_ones_owner: Root = "only root gives files away", Files = "it looks at them";
    a_number_without_a_name_needs_a_group;
    an_unknown_name_is_refused;
    a_group_needs_a_user;
    a_name_and_a_number_must_agree: Files = "root may be told otherwise where the accounts are none of a system";
    zero_is_root: Root = "only root gives files away", Files = "it looks at them";
}

/// A user whom each system has.
const NOBODY: u32 = 65534;

fn owner(path: &str) -> (u32, u32) {
    let metadata = fs::symlink_metadata(path).unwrap();
    (metadata.uid(), metadata.gid())
}

/// Writes a file and makes a directory for this owner.
fn give(target: &Target, whose: &Owner) -> (u32, u32) {
    let (daemon, folder) = start(target);
    let (file, dir) = (format!("{folder}/file"), format!("{folder}/dir"));
    daemon.client.write_file(&file, b"x", &WriteOptions::default().owner(whose.clone())).unwrap();
    daemon.client.make_dir(&dir, &MakeDirOptions::default().owner(whose.clone())).unwrap();
    assert_eq!(owner(&file), owner(&dir));
    owner(&file)
}

/// The same in vain, with these words.
fn refuse(target: &Target, whose: &Owner, words: &str) {
    let (daemon, folder) = start(target);
    let write = WriteOptions::default().owner(whose.clone());
    let make = MakeDirOptions::default().owner(whose.clone());
    let results = [
        daemon.client.write_file(&format!("{folder}/file"), b"x", &write),
        daemon.client.make_dir(&format!("{folder}/dir"), &make),
        daemon.client.make_dir(&format!("{folder}/a/b"), &make.make_parents(true)),
    ];
    for result in results {
        let (kind, message) = failed(result);
        assert_eq!(kind, FileErrorKind::Generic);
        assert!(message.contains(words), "{message}");
    }
    let listed = daemon.client.list_files(&folder, &charmwright_pebble::ListOptions::default());
    assert_eq!(listed.unwrap(), []);
}

fn of_user_id(user_id: u32) -> Owner {
    let mut owner = Owner::default();
    owner.user_id = Some(user_id);
    owner
}

fn numbers_need_no_names(target: &Target) {
    assert_eq!(give(target, &Owner::ids(4242, 4243)), (4242, 4243));
    let (daemon, folder) = start(target);
    let path = format!("{folder}/file");
    daemon.client.write_file(&path, b"", &WriteOptions::default().owner(Owner::ids(4242, 4243))).unwrap();
    let info = daemon.client.file_info(&path).unwrap().unwrap();
    assert_eq!((info.user_id, info.group_id), (Some(4242), Some(4243)));
    assert_eq!((info.user.as_deref(), info.group.as_deref()), (Some(""), Some("")));
}

fn a_name_brings_its_group(target: &Target) {
    assert_eq!(give(target, &Owner::user("nobody")), (NOBODY, NOBODY));
    assert_eq!(give(target, &of_user_id(NOBODY)), (NOBODY, NOBODY));
}

fn a_user_may_have_another_group(target: &Target) {
    assert_eq!(give(target, &Owner::user("nobody").group("root")), (NOBODY, 0));
    let mut owner = Owner::user("nobody");
    owner.group_id = Some(4243);
    assert_eq!(give(target, &owner), (NOBODY, 4243));
}

fn what_is_made_above_has_the_same_owner(target: &Target) {
    let (daemon, folder) = start(target);
    let whose = Owner::ids(4242, 4243);
    let write = WriteOptions::default().owner(whose.clone()).make_dirs(true);
    daemon.client.write_file(&format!("{folder}/a/b/c"), b"", &write).unwrap();
    let make = MakeDirOptions::default().owner(whose).make_parents(true);
    daemon.client.make_dir(&format!("{folder}/d/e"), &make).unwrap();
    for name in ["a", "a/b", "a/b/c", "d", "d/e"] {
        assert_eq!(owner(&format!("{folder}/{name}")), (4242, 4243), "{name}");
    }
    assert_eq!(owner(&folder), (0, 0));
}

fn a_new_file_has_not_the_old_ones_owner(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/file");
    daemon.client.write_file(&path, b"", &WriteOptions::default().owner(Owner::ids(4242, 4243))).unwrap();
    daemon.client.write_file(&path, b"", &WriteOptions::default()).unwrap();
    assert_eq!(owner(&path), (0, 0));
}

fn a_number_without_a_name_needs_a_group(target: &Target) {
    refuse(target, &of_user_id(4242), "unknown userid 4242");
}

fn an_unknown_name_is_refused(target: &Target) {
    refuse(target, &Owner::user("nobody-at-all"), "unknown user nobody-at-all");
    refuse(target, &Owner::user("root").group("nobody-at-all"), "unknown group nobody-at-all");
}

fn a_group_needs_a_user(target: &Target) {
    refuse(target, &Owner::default().group("root"), "must specify user, not just group");
    let mut owner = Owner::default();
    owner.group_id = Some(0);
    refuse(target, &owner, "must specify user, not just group");
}

fn a_name_and_a_number_must_agree(target: &Target) {
    let mut owner = Owner::user("root");
    owner.user_id = Some(NOBODY);
    refuse(target, &owner, "user \"root\"");
    let mut owner = Owner::user("root").group("root");
    owner.group_id = Some(NOBODY);
    refuse(target, &owner, "group \"root\"");
}

fn zero_is_root(target: &Target) {
    assert_eq!(give(target, &of_user_id(0)), (0, 0));
    assert_eq!(give(target, &Owner::ids(0, 0)), (0, 0));
}
