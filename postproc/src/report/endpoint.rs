//! IP address and TCP port, as an object of JSON.

use std::net::IpAddr;

use serde::Serialize;

/// IP address and TCP port of a client or server.
#[derive(Serialize)]
pub(super) struct Endpoint {
    pub(super) ip: IpAddr,
    pub(super) port: u16,
}

impl From<syncookie_engine::Endpoint> for Endpoint {
    fn from(endpoint: syncookie_engine::Endpoint) -> Self {
        Self { ip: endpoint.ip, port: endpoint.port }
    }
}
