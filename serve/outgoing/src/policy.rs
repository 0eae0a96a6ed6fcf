//! Which addresses the server may connect to. Whoever configures a channel or an identity provider must not reach what only
//! this machine can reach.

use std::io;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use url::{Host, Url};

/// Which addresses the server may connect to: all public ones, and the networks and names that the configuration
/// allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressPolicy {
    networks: Vec<IpNet>,
    names: Vec<String>,
}

/// An entry of the list that is neither a network nor a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a network such as `10.0.0.0/8` nor the name of a host")]
pub struct PolicyError(String);

impl AddressPolicy {
    /// Reads a list of networks (`10.0.0.0/8`), addresses, and names of hosts.
    ///
    /// # Errors
    /// If an entry is none of these.
    pub fn new(entries: &[String]) -> Result<Self, PolicyError> {
        let mut policy = Self::default();
        for entry in entries {
            if let Ok(network) = entry.parse::<IpNet>() {
                policy.networks.push(network);
            } else if let Ok(address) = entry.parse::<IpAddr>() {
                policy.networks.push(address.into());
            } else if let Ok(Host::Domain(name)) = Host::parse(entry) {
                policy.names.push(name);
            } else {
                return Err(PolicyError(entry.clone()));
            }
        }
        Ok(policy)
    }

    /// Whether a host can be connected to at an address.
    fn allows(&self, host: &str, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.names.iter().any(|name| name.eq_ignore_ascii_case(host))
            || self.networks.iter().any(|network| network.contains(&address))
            || is_public(address)
    }

    /// Returns the addresses of a host that are allowed.
    ///
    /// # Errors
    /// If it has none.
    pub async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let all: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
        let allowed: Vec<SocketAddr> =
            all.into_iter().filter(|address| self.allows(host, address.ip())).collect();
        if allowed.is_empty() { Err(refused(host)) } else { Ok(allowed) }
    }

    /// An address in a URL is connected to without being looked up.
    pub(crate) fn allows_url(&self, url: &Url) -> bool {
        match url.host() {
            Some(Host::Ipv4(address)) => self.allows(&address.to_string(), address.into()),
            Some(Host::Ipv6(address)) => self.allows(&address.to_string(), address.into()),
            Some(Host::Domain(_)) => true,
            None => false,
        }
    }
}

pub(crate) fn refused(host: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!(
            "`{host}` is not a public address: allow it in `outgoing` of the configuration if it is meant"
        ),
    )
}

/// Whether an address belongs to the public internet. What is not there is reserved for machines nearby.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            let reserved = matches!(
                (a, b, c),
                (0 | 10 | 127 | 224..=255, ..)
                    | (100, 64..=127, _)
                    | (169, 254, _)
                    | (172, 16..=31, _)
                    | (192, 0, 0 | 2)
                    | (192, 88, 99)
                    | (192, 168, _)
                    | (198, 18 | 19, _)
                    | (198, 51, 100)
                    | (203, 0, 113)
            );
            !reserved
        }
        IpAddr::V6(address) => {
            // Only 2000::/3 is assigned to the internet. In it, 2001:db8::/32 is for examples, and 2001::/23, with
            // Teredo, and 2002::/16 contain addresses of version 4.
            match address.segments() {
                [0x2001, 0x0db8, ..] | [0x2001, 0..=0x1ff, ..] | [0x2002, ..] => false,
                [first, ..] => (0x2000..=0x3fff).contains(&first),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_machines_nearby_are_not_public() {
        let nearby = [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.100.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2001:db8::1",
            "2002:7f00:1::",
        ];
        let policy = AddressPolicy::default();
        for address in nearby {
            assert!(!policy.allows("x", address.parse().unwrap()), "{address}");
        }
        for address in ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "172.32.0.1", "2001:4860::8888"] {
            assert!(policy.allows("x", address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn the_configuration_allows_networks_addresses_and_names() {
        let entries = ["10.0.0.0/8", "192.168.1.7", "hooks.internal"].map(str::to_owned);
        let policy = AddressPolicy::new(&entries).unwrap();
        assert!(policy.allows("a", "10.9.9.9".parse().unwrap()));
        assert!(policy.allows("a", "192.168.1.7".parse().unwrap()));
        assert!(!policy.allows("a", "192.168.1.8".parse().unwrap()));
        assert!(policy.allows("Hooks.internal", "192.168.1.8".parse().unwrap()));
        assert!(AddressPolicy::new(&["10.0.0.0/99".to_owned()]).is_err());
    }
}
