//! What the daemon counts.

use std::collections::BTreeMap;

/// One value of [`metrics`](crate::Client::metrics).
///
/// ```
/// use charmwright_pebble::Sample;
///
/// let samples = Sample::parse("# TYPE pebble_check_up gauge\npebble_check_up{check=\"web\"} 1\n");
/// assert_eq!((samples[0].name.as_str(), samples[0].value), ("pebble_check_up", 1.0));
/// assert_eq!(samples[0].labels["check"], "web");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sample {
    /// Its name, such as `pebble_service_start_count`.
    pub name: String,
    /// What it is about, such as `service`.
    pub labels: BTreeMap<String, String>,
    /// The value.
    pub value: f64,
}

impl Sample {
    /// The values in a text for Prometheus. Comments and lines that make no sense are passed over.
    pub fn parse(text: &str) -> Vec<Self> {
        text.lines().filter(|line| !line.starts_with('#')).filter_map(Self::parse_line).collect()
    }

    fn parse_line(line: &str) -> Option<Self> {
        let end = line.find(['{', ' '])?;
        let (name, mut rest) = line.split_at_checked(end)?;
        let mut labels = BTreeMap::new();
        if let Some(inside) = rest.strip_prefix('{') {
            rest = inside.trim_start_matches([',', ' ']);
            while !rest.starts_with('}') {
                let (label, after) = rest.split_once("=\"")?;
                let (value, after) = unquote(after)?;
                labels.insert(label.to_owned(), value);
                rest = after.trim_start_matches([',', ' ']);
            }
            rest = rest.strip_prefix('}')?;
        }
        let value = rest.split_whitespace().next()?.parse().ok()?;
        Some(Self { name: name.to_owned(), labels, value })
    }
}

/// The text up to the closing quote, and what follows it.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '"' => return Some((out, chars.as_str())),
            '\\' => match chars.next()? {
                'n' => out.push('\n'),
                c => out.push(c),
            },
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_may_hold_anything() {
        let samples = Sample::parse(
            "# HELP x y\na 1\nb{s=\"q\\\"}\\\\\\n, \",t=\"\"} 2.5\nbroken{\nalso broken\nc{} +Inf\n",
        );
        let told: Vec<_> = samples.iter().map(|sample| (sample.name.as_str(), sample.value)).collect();
        assert_eq!(told, [("a", 1.0), ("b", 2.5), ("c", f64::INFINITY)]);
        assert_eq!(samples[1].labels["s"], "q\"}\\\n, ");
        assert_eq!(samples[1].labels["t"], "");
    }
}
