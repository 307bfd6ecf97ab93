//! What a charm learns of a workload, on a real Pebble.

use std::cell::RefCell;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use charmwright::pebble::{Access, CheckStatus, CustomNotice, Identity, Owner};
use charmwright::prelude::*;
use charmwright::{Charm, Directory};

use crate::pebble::{LOOK_PERIOD, Pebble};
use crate::unit::Unit;

#[derive(Debug, Inputs)]
struct Work {
    #[container("work")]
    container: Container,
    #[notice("work", "example.com/backup-done")]
    backup: Noticed,
    #[file("work", "/etc/hostname")]
    hostname: ContainerFile,
    #[file("work", "/no/such/file")]
    none: ContainerFile,
}

thread_local! {
    static FOLDER: RefCell<String> = const { RefCell::new(String::new()) };
}

fn unit(pebble: &Pebble) -> Unit {
    FOLDER.set(pebble.file(""));
    std::fs::create_dir_all(pebble.file("")).unwrap();
    let mut unit = Unit::new(true);
    unit.containers = pebble.folder.path().into();
    unit
}

fn file(name: &str) -> String {
    FOLDER.with_borrow(|folder| format!("{folder}{name}"))
}

fn sleeper() -> Layer {
    Layer::new().service("web", Service::new("sleep 1000").startup(Startup::Enabled))
}

/// The workload is up when a file is there.
fn up_when_file(work: &Work, desired: &Desired) -> Result<(), NotYet> {
    let check = Check::exec(format!("test -e {}", file("up"))).period(Duration::from_millis(100));
    desired.container(&work.container).up_when(check).layer(sleeper())
}

fn up() -> Charm<Work> {
    charm(up_when_file)
}

fn status_of_check(pebble: &Pebble) -> CheckStatus {
    pebble.client().checks(&["charmwright-up"]).unwrap().remove(0).status
}

const NOT_UP: &str =
    "waiting: work: the workload is not up (woken by work-pebble-check-recovered or update-status)";

#[test]
fn a_workload_that_is_not_up_is_waited_for_and_its_recovery_is_told_by_pebble() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    unit.config_changed(&up());
    assert_eq!(unit.status(), NOT_UP);
    // It is down after one failure, so that its recovery is an event.
    assert_eq!(status_of_check(&pebble), CheckStatus::Down);

    std::fs::write(file("up"), "").unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    while status_of_check(&pebble) == CheckStatus::Down {
        assert!(Instant::now() < deadline, "the check does not recover");
        std::thread::sleep(LOOK_PERIOD);
    }
    let recovered = |change: &charmwright::pebble::Change| change.kind == "recover-check";
    let changes = pebble.client().changes(charmwright::pebble::ChangesIn::Past, None).unwrap();
    assert!(changes.iter().any(recovered), "{changes:?}");
    unit.config_changed(&up());
    assert_eq!(unit.status(), "active: ");
}

#[test]
fn a_workload_that_is_up_at_once_is_known_to_be_in_the_same_hook() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    std::fs::write(file("up"), "").unwrap();
    unit.config_changed(&up());
    assert_eq!(unit.status(), "active: ");
}

#[test]
fn what_the_check_saw_before_a_restart_does_not_count() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    std::fs::write(file("up"), "").unwrap();
    unit.config_changed(&up());
    // Up for an hour, as the check knows; what starts now is not.
    let later: Charm<Work> = charm(|work: &Work, desired: &Desired| {
        let check = Check::exec(format!("test -e {}", file("up"))).period(Duration::from_hours(1));
        let layer = Layer::new().service("web", Service::new("sleep 1001").startup(Startup::Enabled));
        desired.container(&work.container).up_when(check).layer(layer)
    });
    std::fs::remove_file(file("up")).unwrap();
    unit.config_changed(&later);
    assert_eq!(unit.status(), NOT_UP);
}

#[test]
fn a_workload_that_is_no_longer_asked_is_not() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    unit.config_changed(&up());
    assert_eq!(unit.status(), NOT_UP);
    let unasked: Charm<Work> =
        charm(|work: &Work, desired: &Desired| desired.container(&work.container).layer(sleeper()));
    unit.config_changed(&unasked);
    assert_eq!(unit.status(), "active: ");
    assert_eq!(status_of_check(&pebble), CheckStatus::Inactive);
    unit.config_changed(&up());
    assert_eq!(unit.status(), NOT_UP);
}

#[test]
fn a_check_is_taken_back_on_a_pebble_that_can_neither_stop_nor_disable_one() {
    let pebble = Pebble::start_version("1.16.0");
    let mut unit = unit(&pebble);
    unit.config_changed(&up());
    let unasked: Charm<Work> =
        charm(|work: &Work, desired: &Desired| desired.container(&work.container).layer(sleeper()));
    for _ in 0..2 {
        unit.config_changed(&unasked);
        assert_eq!(unit.status(), "active: ");
        let period = pebble.client().plan().unwrap().checks["charmwright-up"].period.clone();
        assert_eq!(period.unwrap().to_string(), "87600h0m0s");
    }
    unit.config_changed(&up());
    let period = pebble.client().plan().unwrap().checks["charmwright-up"].period.clone();
    assert_eq!(period.unwrap().to_string(), "100ms");
}

#[test]
fn a_notice_is_waited_for_by_its_name_whoever_records_it() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    let backup: Charm<Work> = charm(|work: &Work, desired: &Desired| {
        let done = work.backup.occurred()?;
        let path = done.last_data.get("path").cloned().unwrap_or_default();
        desired.container(&work.container).file(File::unread(&file("last-backup"), path));
        Ok(())
    });
    unit.config_changed(&backup);
    assert_eq!(
        unit.status(),
        "waiting: work: example.com/backup-done has not been noticed (woken by work-pebble-custom-notice or update-status)"
    );
    for path in ["/backup/1", "/backup/2"] {
        let notice = CustomNotice::new("example.com/backup-done").data("path", path);
        pebble.client().notify(&notice).unwrap();
    }
    unit.config_changed(&backup);
    assert_eq!(unit.status(), "active: ");
    assert_eq!(std::fs::read_to_string(file("last-backup")).unwrap(), "/backup/2");
}

#[test]
fn a_file_of_the_container_is_an_input() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    let read: Charm<Work> = charm(|work: &Work, _: &Desired| {
        let _ = work.hostname.text()?;
        work.none.content().map(drop)
    });
    unit.config_changed(&read);
    assert_eq!(unit.status(), "waiting: work: file /no/such/file is not there (woken by update-status)");
}

/// A file that takes no room and has no end for whoever reads it.
fn make_huge(path: &str) {
    std::fs::File::create(path).unwrap().set_len(20 << 30).unwrap();
}

#[test]
fn a_wished_file_is_not_read_if_what_is_there_has_another_size() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    let wish: Charm<Work> = charm(|work: &Work, desired: &Desired| {
        desired.container(&work.container).file(File::unread(&file("wished"), "abc"));
        Ok(())
    });
    make_huge(&file("wished"));
    unit.config_changed(&wish);
    assert_eq!(std::fs::read_to_string(file("wished")).unwrap(), "abc");
    // Another content of the same size is found all the same.
    std::fs::write(file("wished"), "abd").unwrap();
    unit.config_changed(&wish);
    assert_eq!(std::fs::read_to_string(file("wished")).unwrap(), "abc");
    assert_eq!(unit.status(), "active: ");
}

#[test]
fn files_directories_and_what_shall_not_be_are_brought_about_and_kept() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    let files: Charm<Work> = charm(|work: &Work, desired: &Desired| {
        let mine = Owner::ids(nix::unistd::getuid().as_raw(), nix::unistd::getgid().as_raw());
        desired
            .container(&work.container)
            .file(File::unread(&file("key"), "secret").mode(0o600).owner(mine))
            .directory(Directory::new(&file("data/here")).mode(0o750))
            .absent(&file("old"));
        Ok(())
    });
    std::fs::create_dir_all(file("old/deep")).unwrap();
    let mode = |name: &str| std::fs::metadata(file(name)).unwrap().permissions().mode() & 0o777;
    for _ in 0..2 {
        unit.config_changed(&files);
        assert_eq!(unit.status(), "active: ");
        assert_eq!((mode("key"), mode("data/here")), (0o600, 0o750));
        assert!(!std::path::Path::new(&file("old")).exists());
        // Whoever loosens it finds it tightened again.
        std::fs::set_permissions(file("key"), std::fs::Permissions::from_mode(0o644)).unwrap();
    }
}

#[test]
fn a_wish_that_cannot_be_carried_out_blocks_the_unit_and_names_container_and_path() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    std::fs::create_dir_all(file("taken")).unwrap();
    let taken: Charm<Work> = charm(|work: &Work, desired: &Desired| {
        desired.open_port(Port::new(80));
        desired.container(&work.container).file(File::unread(&file("taken"), "x"));
        Ok(())
    });
    unit.config_changed(&taken);
    let status = unit.status();
    assert!(status.starts_with("blocked: work: cannot write") && status.contains(&file("taken")), "{status}");
    // The rest of the hook is done.
    assert!(unit.model.ports().contains("80/tcp"));
    std::fs::remove_dir(file("taken")).unwrap();
    unit.config_changed(&taken);
    assert_eq!(unit.status(), "active: ");
}

#[test]
fn why_a_check_or_a_file_cannot_be_as_wished_reaches_the_status() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    let no_program: Charm<Work> = charm(|work: &Work, desired: &Desired| {
        let check = Check::exec("/no/such/program").period(Duration::from_millis(100)).threshold(1);
        desired.container(&work.container).layer(Layer::new().check("up", check))
    });
    unit.config_changed(&no_program);
    let deadline = Instant::now() + Duration::from_secs(30);
    while pebble.client().checks(&["up"]).unwrap()[0].status != CheckStatus::Down {
        assert!(Instant::now() < deadline, "the check does not fail");
        std::thread::sleep(LOOK_PERIOD);
    }
    unit.config_changed(&no_program);
    let told = "blocked: work: check up cannot run: no such file or directory; use an image that has it";
    assert!(unit.status().starts_with(told), "{}", unit.status());

    let no_user: Charm<Work> = charm(|work: &Work, desired: &Desired| {
        let mut check = Check::exec("true");
        "nobody-here".clone_into(&mut check.exec.as_mut().unwrap().user);
        desired.container(&work.container).layer(Layer::new().check("up", check))
    });
    unit.config_changed(&no_user);
    let status = unit.status();
    assert!(status.starts_with("blocked") && status.contains("unknown user nobody-here"), "{status}");

    let no_owner: Charm<Work> = charm(|work: &Work, desired: &Desired| {
        let owned = File::unread(&file("owned"), "x").owner(Owner::user("nobody-here"));
        desired.container(&work.container).file(owned);
        Ok(())
    });
    unit.config_changed(&no_owner);
    let status = unit.status();
    assert!(status.starts_with("blocked") && status.contains("unknown user nobody-here"), "{status}");
}

#[test]
fn a_pebble_that_does_not_let_the_charm_blocks_it_and_says_what_to_set() {
    let pebble = Pebble::start();
    let mut unit = unit(&pebble);
    // An identity of one's own counts more than being root.
    let us = Identity::with_user_id(Access::Read, nix::unistd::getuid().as_raw());
    pebble.client().set_identities(&[("us".to_owned(), us)].into()).unwrap();
    unit.config_changed(&up());
    let status = unit.status();
    assert!(status.starts_with("blocked: work: Pebble does not let the charm's user"), "{status}");
    assert!(status.contains("charm-user"), "{status}");
}
