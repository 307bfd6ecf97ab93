//! Series of bases.

/// The series of a base such as `ubuntu@22.04` or `ubuntu@22.04/stable`.
pub(super) fn series(base: &str) -> Result<&'static str, String> {
    let Some((system, channel)) = base.split_once('@').filter(|(_, channel)| !channel.contains('@')) else {
        return Err("expected base string to contain os and channel separated by '@'".to_owned());
    };
    let mut parts = channel.split('/');
    let (track, risk) = (parts.next().unwrap_or_default(), parts.next());
    if channel.is_empty() {
        return Err("empty channel not valid".to_owned());
    }
    if parts.next().is_some() {
        return Err(format!("channel is malformed and has too many components \"{channel}\""));
    }
    if risk.is_some_and(|risk| !["stable", "candidate", "beta", "edge"].contains(&risk)) {
        return Err(format!("risk in channel \"{channel}\" not valid"));
    }
    if track.is_empty() {
        return Err(format!("track in channel \"{channel}\" not valid"));
    }
    let known: &[(&str, &str)] = match system.to_lowercase().as_str() {
        "ubuntu" => UBUNTU,
        "centos" => &[("7", "centos7"), ("9", "centos9")],
        _ => &[],
    };
    let found = known.iter().find(|(version, _)| *version == track);
    found.map(|(_, series)| *series).ok_or_else(|| format!("os \"{system}\" version \"{track}\" not found"))
}

const UBUNTU: &[(&str, &str)] = &[
    ("12.04", "precise"),
    ("12.10", "quantal"),
    ("13.04", "raring"),
    ("13.10", "saucy"),
    ("14.04", "trusty"),
    ("14.10", "utopic"),
    ("15.04", "vivid"),
    ("15.10", "wily"),
    ("16.04", "xenial"),
    ("16.10", "yakkety"),
    ("17.04", "zesty"),
    ("17.10", "artful"),
    ("18.04", "bionic"),
    ("18.10", "cosmic"),
    ("19.04", "disco"),
    ("19.10", "eoan"),
    ("20.04", "focal"),
    ("20.10", "groovy"),
    ("21.04", "hirsute"),
    ("21.10", "impish"),
    ("22.04", "jammy"),
    ("22.10", "kinetic"),
    ("23.04", "lunar"),
    ("23.10", "mantic"),
    ("24.04", "noble"),
];
