//! What `network-get` says.

use serde::{Deserialize, Deserializer};

/// The addresses of a binding.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct NetworkInfo {
    /// The network interfaces, each with the addresses to listen on.
    #[serde(deserialize_with = "null_is_none_of_them")]
    pub bind_addresses: Vec<BindAddress>,
    /// What remote units connect to; host names are possible on Kubernetes.
    #[serde(deserialize_with = "null_is_none_of_them")]
    pub ingress_addresses: Vec<String>,
    /// The networks, in CIDR notation, that connections from this unit come from.
    #[serde(deserialize_with = "null_is_none_of_them")]
    pub egress_subnets: Vec<String>,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct BindAddress {
    /// Its hardware address; often empty on Kubernetes.
    pub mac_address: String,
    /// Its name; often empty on Kubernetes.
    pub interface_name: String,
    /// Its addresses.
    #[serde(deserialize_with = "null_is_none_of_them")]
    pub addresses: Vec<InterfaceAddress>,
}

/// An address of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InterfaceAddress {
    /// The host name that it was found by, if any.
    pub hostname: String,
    /// The address; a host name is possible on Kubernetes.
    pub value: String,
    /// Its network in CIDR notation, if it is known.
    pub cidr: String,
}

impl NetworkInfo {
    /// The address to listen on: the first one.
    pub fn bind_address(&self) -> Option<&str> {
        self.bind_addresses
            .iter()
            .flat_map(|bind| &bind.addresses)
            .map(|address| address.value.as_str())
            .next()
    }

    /// The address that others connect to: the first one.
    pub fn ingress_address(&self) -> Option<&str> {
        self.ingress_addresses.first().map(String::as_str)
    }
}

impl<'de> Deserialize<'de> for InterfaceAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            hostname: String,
            #[serde(default)]
            value: Option<String>,
            /// What the value was called once.
            #[serde(default)]
            address: Option<String>,
            #[serde(default)]
            cidr: String,
        }
        let Answer { hostname, value, address, cidr } = Answer::deserialize(deserializer)?;
        let value = value.or(address).ok_or_else(|| serde::de::Error::missing_field("value"))?;
        Ok(Self { hostname, value, cidr })
    }
}

/// Juju's empty lists are `null` here and there.
fn null_is_none_of_them<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
