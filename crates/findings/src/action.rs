//! What was done: `service.action` and the parties it names, in GuardDuty's own shapes.
//!
//! Members, casing and types by <https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Action.html>.

use std::collections::BTreeMap;

use model::Addr;
use serde::{Deserialize, Serialize};

/// `service.action`: exactly one member beside `actionType` is set.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct Action {
    pub action_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws_api_call_action: Option<AwsApiCallAction>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_request_action: Option<DnsRequestAction>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_connection_action: Option<NetworkConnectionAction>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port_probe_action: Option<PortProbeAction>,
}

impl Action {
    /// An API call.
    pub fn api_call(action: AwsApiCallAction) -> Action {
        Action {
            action_type: "AWS_API_CALL".to_owned(),
            aws_api_call_action: Some(action),
            ..Action::default()
        }
    }

    /// A DNS request.
    pub fn dns_request(action: DnsRequestAction) -> Action {
        Action {
            action_type: "DNS_REQUEST".to_owned(),
            dns_request_action: Some(action),
            ..Action::default()
        }
    }

    /// A network connection.
    pub fn network_connection(action: NetworkConnectionAction) -> Action {
        Action {
            action_type: "NETWORK_CONNECTION".to_owned(),
            network_connection_action: Some(action),
            ..Action::default()
        }
    }

    /// A port probe.
    pub fn port_probe(action: PortProbeAction) -> Action {
        Action {
            action_type: "PORT_PROBE".to_owned(),
            port_probe_action: Some(action),
            ..Action::default()
        }
    }

    /// The remote address, of a port probe the first one.
    pub fn remote_ip_details(&self) -> Option<&RemoteIpDetails> {
        let call = self.aws_api_call_action.as_ref().and_then(|it| it.remote_ip_details.as_ref());
        let connection = self.network_connection_action.as_ref();
        let probe = self.port_probe_action.as_ref().and_then(|it| it.port_probe_details.first());
        call.or_else(|| connection.and_then(|it| it.remote_ip_details.as_ref()))
            .or_else(|| probe.map(|it| &it.remote_ip_details))
    }
}

/// `awsApiCallAction`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct AwsApiCallAction {
    pub api: String,
    pub service_name: String,
    /// `Remote IP` or `Domain`.
    pub caller_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_ip_details: Option<RemoteIpDetails>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_details: Option<DomainDetails>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_account_details: Option<RemoteAccountDetails>,
    #[serde(default)]
    pub affected_resources: BTreeMap<String, String>,
}

/// `domainDetails`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct DomainDetails {
    pub domain: String,
}

/// `remoteAccountDetails`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct RemoteAccountDetails {
    pub account_id: String,
    pub affiliated: bool,
}

/// `dnsRequestAction`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct DnsRequestAction {
    pub domain: String,
    /// The registrable domain by the public suffix list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_with_suffix: Option<String>,
    pub protocol: String,
    pub blocked: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_owner_account_id: Option<String>,
}

/// `connectionDirection`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub enum ConnectionDirection {
    Inbound,
    Outbound,
    #[default]
    Unknown,
}

/// `networkConnectionAction`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct NetworkConnectionAction {
    pub connection_direction: ConnectionDirection,
    pub blocked: bool,
    pub protocol: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_ip_details: Option<LocalIpDetails>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_port_details: Option<PortDetails>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_network_interface: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_ip_details: Option<RemoteIpDetails>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_port_details: Option<PortDetails>,
}

/// `portProbeAction`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct PortProbeAction {
    pub blocked: bool,
    pub port_probe_details: Vec<PortProbeDetail>,
}

/// One element of `portProbeDetails`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct PortProbeDetail {
    pub local_port_details: PortDetails,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_ip_details: Option<LocalIpDetails>,
    pub remote_ip_details: RemoteIpDetails,
}

/// `localPortDetails` and `remotePortDetails`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct PortDetails {
    pub port: u16,
    pub port_name: String,
}

/// `localIpDetails`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct LocalIpDetails {
    #[serde(rename = "ipAddressV4", default, skip_serializing_if = "Option::is_none")]
    pub ip_address_v4: Option<String>,
    #[serde(rename = "ipAddressV6", default, skip_serializing_if = "Option::is_none")]
    pub ip_address_v6: Option<String>,
}

impl From<Addr> for LocalIpDetails {
    fn from(addr: Addr) -> LocalIpDetails {
        let text = Some(addr.to_string());
        if addr.v4().is_some() {
            LocalIpDetails { ip_address_v4: text, ip_address_v6: None }
        } else {
            LocalIpDetails { ip_address_v4: None, ip_address_v6: text }
        }
    }
}

/// `remoteIpDetails`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct RemoteIpDetails {
    #[serde(rename = "ipAddressV4", default, skip_serializing_if = "Option::is_none")]
    pub ip_address_v4: Option<String>,
    #[serde(rename = "ipAddressV6", default, skip_serializing_if = "Option::is_none")]
    pub ip_address_v6: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<Organization>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<City>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geo_location: Option<GeoLocation>,
}

/// `organization`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct Organization {
    /// Decimal digits as text.
    pub asn: String,
    pub asn_org: String,
    pub isp: String,
    pub org: String,
}

/// `country`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct Country {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_name: Option<String>,
}

/// `city`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct City {
    pub city_name: String,
}

/// `geoLocation`, degrees.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are GuardDuty's own")]
pub struct GeoLocation {
    pub lat: f64,
    pub lon: f64,
}
