//! Drafts in GuardDuty's shapes: what is known of the resource, the caller and the remote party.

use findings::{
    AccessKeyDetails, Action, AwsApiCallAction, City, ConnectionDirection, Country,
    DnsRequestAction, DomainDetails, Draft, FindingType, GeoLocation, InstanceDetails,
    NetworkConnectionAction, Organization, PortDetails, RemoteIpDetails, Resource, ResourceRole,
    ThreatIntelligenceDetail,
};
use intel::{Indicator, Verdict};
use model::{Addr, Timestamp};
use telemetry::{Caller, DnsQuery};

use crate::connection::{Connection, Outcome};
use crate::context::Context;
use crate::kind::{ApiCalls, DnsQueries, Event, LocalFlow};

/// The part of an interface that a finding shows as one connection.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    /// Our address.
    pub local: Addr,
    /// Our port.
    pub local_port: u16,
    /// The other address.
    pub remote: Addr,
    /// The other port.
    pub remote_port: u16,
    /// IANA protocol number.
    pub protocol: u8,
    /// Who started it; none when that is not known.
    pub is_outbound: Option<bool>,
    /// Whether the packets were rejected.
    pub is_blocked: bool,
}

impl From<&LocalFlow> for Ends {
    fn from(flow: &LocalFlow) -> Ends {
        // The side with the higher port started it, as far as one line tells.
        let is_outbound = match flow.local_port.cmp(&flow.remote_port) {
            std::cmp::Ordering::Greater => Some(true),
            std::cmp::Ordering::Less => Some(false),
            std::cmp::Ordering::Equal => None,
        };
        Ends {
            local: flow.local,
            local_port: flow.local_port,
            remote: flow.remote,
            remote_port: flow.remote_port,
            protocol: flow.protocol,
            is_outbound,
            is_blocked: flow.is_rejected(),
        }
    }
}

impl From<&Connection> for Ends {
    fn from(connection: &Connection) -> Ends {
        Ends {
            local: connection.local,
            local_port: connection.local_port,
            remote: connection.remote,
            remote_port: connection.remote_port,
            protocol: connection.protocol,
            is_outbound: Some(connection.is_outbound),
            is_blocked: connection.outcome == Outcome::Rejected,
        }
    }
}

impl Context<'_> {
    /// A draft about the instance behind the interface or host whose state it is. Its key is the instance
    /// (or the interface or address, where no instance is known).
    pub fn instance_draft(&self, finding_type: &'static FindingType, time: Timestamp) -> Draft {
        let id = self.instance_id(time);
        let mut draft =
            Draft::new(finding_type, self.entity.account, self.entity.region, &*id, time);
        draft.resource = Resource {
            resource_type: "Instance".to_owned(),
            instance_details: Some(self.instance_details(&id, time)),
            ..Resource::default()
        };
        draft
    }

    /// The instance concerned; the name of the entity where none is known.
    pub fn instance_id(&self, time: Timestamp) -> String {
        let entity = self.entity;
        if !entity.instance.is_empty() {
            return entity.instance.to_string();
        }
        let by_interface = self.inventory.interface(entity.account, &entity.name, time);
        let known = by_interface
            .map(|it| it.instance.to_string())
            .filter(|it| !it.is_empty())
            .or_else(|| {
                let address = entity.address;
                let found =
                    self.inventory.instance_of_address(entity.account, &entity.vpc, address, time);
                found.filter(|_| address.is_known()).map(str::to_owned)
            });
        known.unwrap_or_else(|| entity.name.to_string())
    }

    fn instance_details(&self, id: &str, time: Timestamp) -> InstanceDetails {
        let mut details = self.inventory.instance_details(self.entity.account, id, time);
        if details.network_interfaces.is_empty() && self.entity.name.starts_with("eni-") {
            details.network_interfaces.push(findings::NetworkInterface {
                network_interface_id: Some(self.entity.name.to_string()),
                vpc_id: (!self.entity.vpc.is_empty()).then(|| self.entity.vpc.to_string()),
                ..findings::NetworkInterface::default()
            });
        }
        details
    }

    /// What is known of a remote address.
    pub fn remote_ip(&self, addr: Addr) -> RemoteIpDetails {
        let text = Some(addr.to_string());
        let (v4, v6) = if addr.v4().is_some() { (text, None) } else { (None, text) };
        let mut details =
            RemoteIpDetails { ip_address_v4: v4, ip_address_v6: v6, ..RemoteIpDetails::default() };
        let Some(place) = self.intel.place(addr) else { return details };
        if place.asn != 0 {
            details.organization = Some(Organization {
                asn: place.asn.to_string(),
                asn_org: place.organization.to_owned(),
                isp: place.organization.to_owned(),
                org: place.organization.to_owned(),
            });
        }
        if !place.country_code.is_empty() {
            details.country = Some(Country {
                country_code: Some(place.country_code.to_owned()),
                country_name: Some(place.country_name.to_owned()),
            });
            details.geo_location = Some(GeoLocation { lat: place.lat, lon: place.lon });
        }
        details.city = place.city.map(|it| City { city_name: it.to_owned() });
        details
    }

    /// The lists that a verdict stands for, with what they call the indicator.
    pub fn threats(
        &self,
        verdict: Verdict,
        indicator: Indicator<'_>,
    ) -> Vec<ThreatIntelligenceDetail> {
        let lists = self.intel.lists(verdict, self.entity.account, self.entity.region);
        lists
            .map(|list| ThreatIntelligenceDetail {
                threat_list_name: list.name.clone(),
                threat_names: list.threat_name(indicator).map(str::to_owned).into_iter().collect(),
                threat_file_sha256: None,
            })
            .collect()
    }

    /// A connection as `networkConnectionAction`.
    pub fn network_action(&self, ends: Ends) -> Action {
        let port = |port| PortDetails { port, port_name: port_name(port).to_owned() };
        Action::network_connection(NetworkConnectionAction {
            connection_direction: match ends.is_outbound {
                Some(true) => ConnectionDirection::Outbound,
                Some(false) => ConnectionDirection::Inbound,
                None => ConnectionDirection::Unknown,
            },
            blocked: ends.is_blocked,
            protocol: protocol_name(ends.protocol),
            local_ip_details: Some(ends.local.into()),
            local_port_details: Some(port(ends.local_port)),
            local_network_interface: Some(self.entity.name.to_string()),
            remote_ip_details: Some(self.remote_ip(ends.remote)),
            remote_port_details: Some(port(ends.remote_port)),
        })
    }

    /// A query as `dnsRequestAction`.
    pub fn dns_action(&self, event: &Event<'_, DnsQueries>) -> Action {
        let is_tcp = event.row.marks & DnsQuery::TCP != 0;
        Action::dns_request(DnsRequestAction {
            domain: event.name().to_owned(),
            domain_with_suffix: Some(event.registrable().to_owned()),
            protocol: if is_tcp { "TCP" } else { "UDP" }.to_owned(),
            blocked: event.row.marks & DnsQuery::BLOCKED != 0,
            vpc_owner_account_id: Some(self.entity.account.to_string()),
        })
    }

    /// A call as `awsApiCallAction`.
    pub fn api_action(&self, event: &Event<'_, ApiCalls>) -> Action {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let is_address = event.row.source.is_known();
        Action::api_call(AwsApiCallAction {
            api: event.event_name().to_owned(),
            service_name: event.event_source().to_owned(),
            caller_type: if is_address { "Remote IP" } else { "Domain" }.to_owned(),
            error_code: some(event.error_code()),
            user_agent: some(event.user_agent()),
            remote_ip_details: is_address.then(|| self.remote_ip(event.row.source)),
            domain_details: (!is_address)
                .then(|| DomainDetails { domain: event.source_text().to_owned() }),
            remote_account_details: None,
            affected_resources: std::collections::BTreeMap::new(),
        })
    }

    /// A draft about the credential that made a call. Its key is the credential.
    pub fn caller_draft(
        &self,
        finding_type: &'static FindingType,
        event: &Event<'_, ApiCalls>,
    ) -> Draft {
        let details = event.access_key();
        let key = if details.access_key_id.is_empty() {
            details.principal_id.clone()
        } else {
            details.access_key_id.clone()
        };
        let mut draft =
            Draft::new(finding_type, event.row.account, event.row.region, key, event.time());
        draft.role = ResourceRole::Target;
        draft.resource = Resource {
            resource_type: "AccessKey".to_owned(),
            access_key_details: Some(details),
            ..Resource::default()
        };
        draft.action = self.api_action(event);
        draft.evidence.push(event.evidence());
        draft
    }

    /// A draft about a bucket and the credential that made a call. Its key is the bucket and the credential.
    pub fn bucket_draft(
        &self,
        finding_type: &'static FindingType,
        event: &Event<'_, ApiCalls>,
    ) -> Draft {
        let mut draft = self.caller_draft(finding_type, event);
        let bucket = event.bucket();
        draft.key = format!("{bucket} {}", draft.key);
        "S3Bucket".clone_into(&mut draft.resource.resource_type);
        let partition = event.row.region.partition();
        let mut detail = self.inventory.bucket_detail(bucket, partition, event.time());
        if !event.object_key().is_empty() {
            detail.s3_object_details.push(findings::S3ObjectDetail {
                object_arn: format!("{}/{}", detail.arn, event.object_key()),
                key: event.object_key().to_owned(),
                ..findings::S3ObjectDetail::default()
            });
        }
        draft.resource.s3_bucket_details = vec![detail];
        draft
    }
}

impl Event<'_, ApiCalls> {
    /// The caller as `accessKeyDetails`.
    pub fn access_key(&self) -> AccessKeyDetails {
        AccessKeyDetails {
            access_key_id: self.access_key_id().to_owned(),
            principal_id: self.principal_id().to_owned(),
            user_name: self.caller_label().to_owned(),
            user_type: self.row.caller.as_str().to_owned(),
        }
    }

    /// The name that people know the caller by: user or role name, `Root`, else the ARN.
    pub fn caller_label(&self) -> &str {
        let names = match self.row.caller {
            Caller::Root => return "Root",
            Caller::AssumedRole => [self.issuer_user_name(), self.user_name(), self.arn()],
            _ => [self.user_name(), self.issuer_user_name(), self.arn()],
        };
        names.into_iter().find(|it| !it.is_empty()).unwrap_or(self.principal_id())
    }
}

/// Protocol names as findings show them.
fn protocol_name(protocol: u8) -> String {
    match protocol {
        1 => "ICMP".to_owned(),
        6 => "TCP".to_owned(),
        17 => "UDP".to_owned(),
        47 => "GRE".to_owned(),
        50 => "ESP".to_owned(),
        58 => "ICMPv6".to_owned(),
        _ => protocol.to_string(),
    }
}

/// Names of well-known ports as findings show them; `Unknown` for others.
pub fn port_name(port: u16) -> &'static str {
    match port {
        20 | 21 => "FTP",
        22 => "SSH",
        23 => "Telnet",
        25 => "SMTP",
        53 => "DNS",
        80 => "HTTP",
        110 => "POP3",
        123 => "NTP",
        143 => "IMAP",
        389 => "LDAP",
        443 => "HTTPS",
        445 => "SMB",
        636 => "LDAPS",
        853 => "DNS over TLS",
        993 => "IMAPS",
        1433 => "MSSQL",
        3306 => "MySQL",
        3389 => "RDP",
        5432 => "PostgreSQL",
        5985 | 5986 => "WinRM",
        6379 => "Redis",
        8333 => "Bitcoin",
        9200 | 9300 => "Elasticsearch",
        27017 => "MongoDB",
        _ => "Unknown",
    }
}
