//! Ports and networks.

use serde::{Deserialize, Serialize};

use super::{is_empty, or_default};

/// A range of ports that is open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Port {
    /// The endpoint, or `""` for all.
    #[serde(deserialize_with = "or_default")]
    pub endpoint: String,
    /// `tcp`, `udp` or `icmp`.
    #[serde(deserialize_with = "or_default")]
    pub protocol: String,
    /// The first port.
    #[serde(deserialize_with = "or_default")]
    pub from: i64,
    /// The last port.
    #[serde(deserialize_with = "or_default")]
    pub to: i64,
}

/// The network of one endpoint, as the controller describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkInfo {
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorInfo>,
    /// Addresses to bind to, by network interface.
    #[serde(rename = "bind-addresses", skip_serializing_if = "is_empty")]
    pub bind_addresses: Option<Vec<InterfaceInfo>>,
    /// Networks that traffic comes from.
    #[serde(rename = "egress-subnets", skip_serializing_if = "is_empty")]
    pub egress_subnets: Option<Vec<String>>,
    /// Addresses to be reached at.
    #[serde(rename = "ingress-addresses", skip_serializing_if = "is_empty")]
    pub ingress_addresses: Option<Vec<String>>,
}

/// An error as the controller sends it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorInfo {
    /// The text.
    #[serde(deserialize_with = "or_default")]
    pub message: String,
    /// The kind of error.
    #[serde(deserialize_with = "or_default")]
    pub code: String,
}

/// One network interface.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct InterfaceInfo {
    /// The hardware address.
    #[serde(deserialize_with = "or_default")]
    pub mac_address: String,
    /// The name.
    #[serde(deserialize_with = "or_default")]
    pub interface_name: String,
    /// Its addresses.
    pub addresses: Option<Vec<InterfaceAddress>>,
}

/// One address of a network interface.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct InterfaceAddress {
    /// The host's name, if the address was given as one.
    #[serde(deserialize_with = "or_default")]
    pub hostname: String,
    /// The address.
    #[serde(rename = "value", deserialize_with = "or_default")]
    pub address: String,
    /// The network that it is in.
    #[serde(deserialize_with = "or_default")]
    pub cidr: String,
}
