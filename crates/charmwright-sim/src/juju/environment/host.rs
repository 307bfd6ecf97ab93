//! What of the machine a charm can see.

use std::fs;
use std::path::Path;

use super::Variable;

/// What Juju passes on from the agent's own environment.
const PASSED_ON: [&str; 9] = [
    "KUBERNETES_PORT",
    "KUBERNETES_PORT_443_TCP",
    "KUBERNETES_PORT_443_TCP_ADDR",
    "KUBERNETES_PORT_443_TCP_PORT",
    "KUBERNETES_PORT_443_TCP_PROTO",
    "KUBERNETES_SERVICE",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    "KUBERNETES_SERVICE_PORT_HTTPS",
];

/// The system that the agent runs on, as far as charms can see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Which one it is.
    pub system: System,
    /// What follows the hook commands on the `PATH`.
    pub path: String,
    /// What Kubernetes told the agent's pod.
    pub kubernetes: Vec<Variable>,
}

/// An operating system that Juju tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Ubuntu
    Ubuntu,
    /// `CentOS` 7
    Centos7,
    /// A later `CentOS`.
    Centos,
    /// Any other Linux.
    Other,
}

impl Host {
    /// The system that this program runs on.
    pub fn this() -> Self {
        let variable = |name: &str| Some((name.to_owned(), std::env::var(name).ok()?));
        Self {
            system: fs::read_to_string("/etc/os-release").map_or(System::Other, |text| System::of(&text)),
            path: std::env::var("PATH").unwrap_or_default(),
            kubernetes: PASSED_ON.iter().filter_map(|name| variable(name)).collect(),
        }
    }

    pub(super) fn variables(&self, tools: &Path) -> Vec<Variable> {
        let path = ("PATH", format!("{}:{}", tools.display(), self.path));
        let lang = ("LANG", "C.UTF-8".to_owned());
        let term = |name: &str| ("TERM", name.to_owned());
        let variables = match self.system {
            System::Ubuntu => vec![
                ("APT_LISTCHANGES_FRONTEND", "none".to_owned()),
                ("DEBIAN_FRONTEND", "noninteractive".to_owned()),
                lang,
                term("tmux-256color"),
                path,
            ],
            System::Centos7 => vec![lang, path, term("screen-256color")],
            System::Centos => vec![lang, path, term("tmux-256color")],
            System::Other => vec![lang, path, term("screen")],
        };
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

impl System {
    /// The system that an `/etc/os-release` names.
    pub fn of(os_release: &str) -> Self {
        let value = |key: &str| {
            let mut lines = os_release.lines().rev().filter_map(|line| line.split_once('='));
            lines.find(|(name, _)| *name == key).map(|(_, value)| value.trim_matches(['\t', ' ', '\'', '"']))
        };
        match value("ID") {
            Some("ubuntu") => Self::Ubuntu,
            Some("centos") if value("VERSION_ID") == Some("7") => Self::Centos7,
            Some("centos") => Self::Centos,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_decides_what_terminals_and_packages_are_told() {
        let names = |system| {
            Host { system, path: "/bin".to_owned(), kubernetes: Vec::new() }.variables(Path::new("/tools"))
        };
        assert_eq!(System::of("NAME=\"x\"\nID=ubuntu\nVERSION_ID=\"22.04\""), System::Ubuntu);
        assert_eq!(System::of("ID=\"centos\"\nVERSION_ID=\"7\""), System::Centos7);
        assert_eq!(System::of("ID=debian"), System::Other);
        assert_eq!(names(System::Ubuntu)[0], ("APT_LISTCHANGES_FRONTEND".to_owned(), "none".to_owned()));
        assert_eq!(names(System::Other)[1], ("PATH".to_owned(), "/tools:/bin".to_owned()));
    }
}
