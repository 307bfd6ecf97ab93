//! Pods with the real Pebble.

#![expect(clippy::unwrap_used, reason = "test")]

mod pod_support;

use std::fs::{self, File, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use charmwright_sim::pod::{Image, Observer, PebbleRequest, Pod, PodError, Unobserved};
use pod_support::{Notes, SERVER, TOOL, Unit, kill, line_after, pebble, pid_of, programs_in, until};

fn unobserved() -> Unit {
    Unit::start(&Arc::new(Unobserved))
}

#[test]
fn two_pods_use_the_same_port() {
    let (one, two) = (unobserved(), unobserved());
    for (unit, text) in [(&one, "first"), (&two, "second")] {
        unit.charm().serve(&format!("{SERVER} http-serve 8080 {text}"));
    }
    for (unit, text) in [(&one, "first"), (&two, "second")] {
        let answer = until("the service", || unit.pod.http_get("http://127.0.0.1:8080/").ok());
        assert_eq!((answer.status, answer.body.as_str()), (200, text));
    }
    let error = one.pod.http_get("http://127.0.0.1:8081/").unwrap_err();
    assert!(matches!(&error, PodError::Http { url, .. } if url.ends_with("8081/")), "{error}");
}

#[test]
fn a_restart_is_another_boot_with_fresh_files() {
    let mut unit = unobserved();
    let first = unit.pod.pebble_boot_id("web").unwrap();
    assert_eq!(unit.pod.pebble_boot_id("web").as_ref(), Some(&first));
    assert_eq!(unit.pod.pebble_boot_id("db"), None);
    unit.charm().push("/var/lib/app/state", b"old", None);
    unit.charm().push("/charm/container/kept", b"old", None);
    unit.pod.restart_pebble("web").unwrap();
    assert_ne!(unit.pod.pebble_boot_id("web").unwrap(), first);
    let root = unit.work.path().join("pod/root/web");
    assert!(!root.join("var/lib/app").exists());
    assert!(root.join("charm/container/kept").exists());
    assert!(matches!(unit.pod.start_pebble("web"), Err(PodError::Running { .. })));
    unit.pod.stop_pebble("web").unwrap();
    assert_eq!(unit.pod.pebble_boot_id("web"), None);
    unit.pod.stop_pebble("web").unwrap();
}

#[test]
fn a_container_dies_with_all_that_is_in_it() {
    let mut unit = unobserved();
    let network = unit.network();
    let mut charm = unit.charm();
    charm.serve(&format!("{SERVER} http-serve 8080 x"));
    assert_eq!(programs_in(&network).len(), 4, "{:?}", programs_in(&network));
    unit.pod.stop_pebble("web").unwrap();
    // The anchor alone is left.
    assert_eq!(programs_in(&network), ["charmwright-sim"]);
    assert!(!unit.pod.charm_socket("web").exists());
    let script = "[ -e /charm/containers/web/pebble.socket ] || echo gone; ls /charm/containers";
    assert_eq!(unit.script(script), "gone\ndb\nweb\n");
}

#[test]
fn a_daemon_that_is_killed_is_noticed_and_can_be_started_again() {
    let mut unit = unobserved();
    let mut charm = unit.charm();
    let daemon = String::from_utf8(charm.pull("/proc/self/stat")).unwrap();
    assert!(daemon.starts_with("1 (pebble)"), "{daemon}");
    charm.send(b"GET /v1/notices?timeout=60s HTTP/1.1\r\nHost: x\r\n\r\n");
    let network = unit.network();
    let pid = pid_of("pebble", &network);
    kill(&pid);
    charm.rest();
    assert_eq!(unit.pod.pebble_boot_id("web"), None);
    unit.pod.start_pebble("web").unwrap();
    assert!(unit.pod.pebble_boot_id("web").is_some());
}

#[test]
fn killing_the_process_outside_ends_the_container() {
    let mut unit = unobserved();
    let network = unit.network();
    let pebble = pid_of("pebble", &network);
    let status = fs::read_to_string(format!("/proc/{pebble}/status")).unwrap();
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap().trim().to_owned();
    kill(&parent);
    until("the container's end", || (!programs_in(&network).contains(&"pebble".to_owned())).then_some(()));
    unit.pod.stop_pebble("web").unwrap();
    unit.pod.start_pebble("web").unwrap();
}

#[test]
fn what_the_charm_sees() {
    let unit = unobserved();
    let here = unit.work.path().display().to_string();
    let script = "[ -S /charm/containers/web/pebble.socket ] && [ ! -e /charm/containers/db/pebble.socket ] && \
                  echo socket; pwd; echo $PPID; [ -e /usr/bin/env ] && ls -d /charm";
    let expected = format!("socket\n{here}\n{}\n/charm\n", std::process::id());
    assert_eq!(unit.script(script), expected);

    let mut command = unit.pod.command(Path::new("/usr/bin/env"), Path::new("/usr/lib"));
    command.env_clear().envs([("JUJU_UNIT_NAME", "web/0"), ("EMPTY", "")]);
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "EMPTY=\nJUJU_UNIT_NAME=web/0\n");

    let output = unit.pod.command(Path::new("/no/such"), Path::new("/")).output().unwrap();
    assert_eq!(output.status.code(), Some(127));
    assert!(String::from_utf8(output.stderr).unwrap().contains("cannot run /no/such"));
}

#[test]
fn what_the_daemon_has() {
    let unit = unobserved();
    let environment = String::from_utf8(unit.direct().pull("/proc/1/environ")).unwrap();
    let mut variables: Vec<&str> = environment.trim_end_matches('\0').split('\0').collect();
    variables.sort_unstable();
    let expected = [
        "HOME=/root",
        "JUJU_CONTAINER_NAME=web",
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "PEBBLE=/charm/container/pebble",
        "PEBBLE_SOCKET=/charm/container/pebble.socket",
    ];
    assert_eq!(variables, expected);
    unit.direct()
        .serve("/bin/sh -c 'echo $PPID $(id -u) $(ls /home /root /usr/local) > /tmp/said; exec sleep 1000'");
    let said = until("the service", || Some(unit.direct().pull("/tmp/said")).filter(|said| !said.is_empty()));
    assert_eq!(String::from_utf8(said).unwrap(), "1 0 /home: /root: /usr/local:\n");
}

#[test]
fn files_stay_in_the_container() {
    let unit = unobserved();
    let name = unit.work.path().file_name().unwrap().to_str().unwrap();
    for folder in ["/etc", "/tmp", "/var/lib", "/usr/local/bin", "/opt", "/dev/shm", "/brand-new"] {
        let path = format!("{folder}/{name}-x");
        assert!(unit.charm().push(&path, b"x", None).is_null(), "{path}");
        assert_eq!(unit.charm().pull(&path), b"x");
        assert!(!Path::new(&path).exists(), "{path}");
    }
    for folder in ["/usr/bin", "/usr/lib", "/sys", "/etc/ssl/certs"] {
        let error = unit.charm().push(&format!("{folder}/{name}-x"), b"x", None);
        assert!(!error.is_null(), "{folder}");
        assert!(!Path::new(folder).join(format!("{name}-x")).exists(), "{folder}");
    }
}

/// Looks whether a file is in the container when it is told.
#[derive(Debug, Default)]
struct Look {
    file: Mutex<PathBuf>,
    seen: Mutex<Vec<(&'static str, bool)>>,
}

impl Observer for Look {
    fn before(&self, _: &PebbleRequest) {
        self.seen.lock().unwrap().push(("before", self.file.lock().unwrap().exists()));
    }

    fn after(&self, _: &PebbleRequest) {
        self.seen.lock().unwrap().push(("after", self.file.lock().unwrap().exists()));
    }
}

#[test]
fn the_observer_is_told_around_the_effect() {
    let look = Arc::new(Look::default());
    let unit = Unit::start(&look);
    *look.file.lock().unwrap() = unit.work.path().join("pod/root/web/srv/file");
    unit.charm().push("/srv/file", b"x", None);
    assert_eq!(*look.seen.lock().unwrap(), [("before", false), ("after", true)]);
}

#[test]
fn large_bodies_pass_both_ways_on_one_connection() {
    let notes = Arc::new(Notes::default());
    let unit = Unit::start(&notes);
    let content: Vec<u8> =
        (0..5_000_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    let mut charm = unit.charm();
    for (path, chunk) in [("/srv/a", None), ("/srv/b", Some(100_000)), ("/srv/c", Some(7_777))] {
        assert!(charm.push(path, &content, chunk).is_null());
        assert!(charm.pull(path) == content, "{path}");
    }
    let of = |path| {
        ["before web POST /v1/files".to_owned(), "after web POST /v1/files".to_owned()].into_iter().chain(
            ["before", "after"].map(|when| format!("{when} web GET /v1/files?action=read&path={path}")),
        )
    };
    let expected: Vec<String> = ["/srv/a", "/srv/b", "/srv/c"].into_iter().flat_map(of).collect();
    assert_eq!(*notes.0.lock().unwrap(), expected);
    drop(unit);
}

#[test]
fn nothing_is_left_of_a_pod() {
    let mut unit = unobserved();
    unit.pod.start_pebble("db").unwrap();
    unit.charm().serve(&format!("{SERVER} http-serve 8080 x"));
    let network = unit.network();
    // A connection that waits does not hold it up.
    let mut charm = unit.charm();
    charm.send(b"GET /v1/notices?timeout=60s HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(programs_in(&network).len(), 6, "{:?}", programs_in(&network));
    drop(unit);
    assert_eq!(programs_in(&network), Vec::<String>::new());
}

const AGENT: &str = "CHARMWRIGHT_TEST_AGENT";

#[test]
#[ignore = "is run, and killed, by `nothing_is_left_of_a_killed_agent`"]
fn agent_to_be_killed() {
    if std::env::var_os(AGENT).is_none() {
        return;
    }
    let unit = unobserved();
    unit.charm().serve(&format!("{SERVER} http-serve 8080 x"));
    let mut hold = unit.pod.command(Path::new("/bin/sh"), Path::new("/"));
    let (holder, _) = line_after(hold.args(["-c", "echo in; exec sleep 1000"]), "in");
    println!("work: {} {}", holder.id(), unit.work.path().display());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn nothing_is_left_of_a_killed_agent() {
    let mut agent = Command::new(std::env::current_exe().unwrap());
    agent.args(["--exact", "agent_to_be_killed", "--ignored", "--nocapture"]).env(AGENT, "1");
    let (mut agent, said) = line_after(&mut agent, "work: ");
    let (holder, work) = said.split_once(' ').unwrap();
    let network = File::open(format!("/proc/{holder}/ns/net")).unwrap();
    kill(holder);
    assert!(programs_in(&network).len() >= 4, "{:?}", programs_in(&network));
    agent.kill().unwrap();
    agent.wait().unwrap();
    until("the end of all processes", || programs_in(&network).is_empty().then_some(()));
    fs::remove_dir_all(work).unwrap();
}

#[test]
fn mistakes_are_told() {
    let work = tempfile::tempdir().unwrap();
    let mut pod = Pod::start(work.path(), Path::new(TOOL)).unwrap();
    let observer: Arc<dyn Observer> = Arc::new(Unobserved);
    let mut add = |name: &str, image: Image, pebble: &Path| {
        pod.add_container(name, &image, pebble, Arc::clone(&observer)).map_err(|error| error.to_string())
    };
    let taken = Image::default().with_file("/usr/bin/x", TOOL);
    let error = add("a", taken, &pebble()).unwrap_err();
    assert!(
        error.starts_with("cannot put a file at /usr/bin/x in a container: that folder is the host's"),
        "{error}"
    );
    assert!(add("../a", Image::default(), &pebble()).unwrap_err().contains("letters, digits"));
    let error = add("a", Image::default(), Path::new("/no/pebble")).unwrap_err();
    assert_eq!(error, "cannot find the Pebble daemon /no/pebble");
    let error = add(&"a".repeat(90), Image::default(), &pebble()).unwrap_err();
    assert!(error.contains("take a shorter work folder"), "{error}");
    let script = work.path().join("script");
    fs::write(&script, "#!/bin/sh\necho asked to \"$@\"\n").unwrap();
    fs::set_permissions(&script, Permissions::from_mode(0o755)).unwrap();
    add("shell", Image::default(), &script).unwrap();
    assert!(add("shell", Image::default(), &pebble()).unwrap_err().contains("there is one of that name"));
    let error = pod.start_pebble("shell").unwrap_err().to_string();
    assert!(error.contains("it ended at once"), "{error}");
    assert!(error.ends_with("shell.log ends with: asked to run --create-dirs --hold --verbose"), "{error}");
    let error = pod.start_pebble("other").unwrap_err().to_string();
    assert_eq!(error, "cannot find container other, the pod has: shell");
}
