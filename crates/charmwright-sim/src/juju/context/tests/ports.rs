use super::*;
use crate::juju::context::PortRange;

fn range(text: &str) -> PortRange {
    let (ports, protocol) = text.split_once('/').unwrap();
    let (from, to) = ports.split_once('-').unwrap_or((ports, ports));
    PortRange { protocol: protocol.to_owned(), from: from.parse().unwrap(), to: to.parse().unwrap() }
}

fn machine() -> Agent {
    agent(&world_with(&json!({
        "type": "iaas", "ports": [{"protocol": "tcp", "from": 80, "to": 80}],
        "other_ports": {"b/0": [{"protocol": "tcp", "from": 440, "to": 450}]},
    })))
}

#[test]
fn a_range_that_is_in_the_way_of_another_is_refused() {
    update(&mut machine(), |run| {
        for (text, told) in [
            ("80/tcp", Ok(())),
            ("80/udp", Ok(())),
            ("1000-1010/tcp", Ok(())),
            ("1000-1010/tcp", Ok(())),
            (
                "443/tcp",
                Err(
                    r#"cannot open 443/tcp (unit "app/0"): port range conflicts with 440-450/tcp (unit "b/0")"#,
                ),
            ),
            (
                "70-90/tcp",
                Err(
                    r#"cannot open 70-90/tcp (unit "app/0"): port range conflicts with 80/tcp (unit "app/0")"#,
                ),
            ),
            (
                "1005/tcp",
                Err(
                    r#"cannot open 1005/tcp (unit "app/0"): port range conflicts with 1000-1010/tcp (unit "app/0") requested earlier"#,
                ),
            ),
            ("90-80/tcp", Err("invalid port range 90-80/tcp")),
            ("1-70000/tcp", Err("port range bounds must be between 0 and 65535, got 1-70000")),
            ("80/sctp", Err(r#"invalid protocol "sctp", expected "tcp", "udp", or "icmp""#)),
            ("80/icmp", Err(r#"protocol "icmp" doesn't support any ports; got "80""#)),
        ] {
            let opened = run.open_port_range("", &range(text)).map_err(|failure| failure.to_string());
            assert_eq!(opened, told.map_err(str::to_owned), "{text}");
        }
    });
}

#[test]
fn kubernetes_has_single_ports() {
    update(&mut agent(&world()), |run| {
        let told = run.open_port_range("", &range("1-2/tcp")).unwrap_err().to_string();
        assert_eq!(told, "port ranges are not supported for k8s applications, please specify a single port");
    });
}

#[test]
fn opening_and_closing_cancel_each_other() {
    let mut agent = machine();
    let shown = |run: &Run<'_>| -> Vec<String> {
        run.opened_port_ranges().values().flatten().map(ToString::to_string).collect()
    };
    update(&mut agent, |run| {
        run.close_port_range("", &range("80/tcp")).unwrap();
        assert!(shown(run).is_empty());
        run.open_port_range("", &range("80/tcp")).unwrap();
        run.open_port_range("", &range("81/tcp")).unwrap();
        run.open_port_range("", &range("82/tcp")).unwrap();
        run.close_port_range("", &range("81/tcp")).unwrap();
        assert_eq!(shown(run), ["80/tcp", "82/tcp"]);
    });
    let open: Vec<i64> = agent.controller.model().ports().iter().map(|port| port.from).collect();
    assert_eq!(open, [80, 82]);
}

#[test]
fn where_nothing_is_open_nothing_is_closed() {
    let mut agent = agent(&world());
    update(&mut agent, |run| run.close_port_range("", &range("80/tcp")).unwrap());
    assert!(asked(&agent).is_empty());
}

#[test]
fn closing_for_all_endpoints_closes_what_each_has_open() {
    let port = |endpoint: &str| json!({"endpoint": endpoint, "protocol": "tcp", "from": 80, "to": 80});
    let mut agent = agent(&world_with(&json!({"ports": [port(""), port("db")]})));
    update(&mut agent, |run| run.close_port_range("", &range("80/tcp")).unwrap());
    assert_eq!(part(&agent, "/ports"), json!([]));
}
