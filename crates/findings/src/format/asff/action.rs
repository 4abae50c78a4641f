//! `Action`: what was done, with the members that the format knows.

use serde_json::{Map, Value, json};

use crate::{
    AwsApiCallAction, DnsRequestAction, Finding, LocalIpDetails, NetworkConnectionAction,
    PortDetails, PortProbeAction, RemoteIpDetails,
};

/// `Action`, `None` where nothing was done, as in attack sequences.
pub(super) fn action(finding: &Finding) -> Option<Value> {
    let action = finding.service.action.as_ref()?;
    let (name, value) = if let Some(it) = &action.aws_api_call_action {
        ("AwsApiCallAction", api_call(it, finding))
    } else if let Some(it) = &action.dns_request_action {
        ("DnsRequestAction", dns_request(it))
    } else if let Some(it) = &action.network_connection_action {
        ("NetworkConnectionAction", connection(it))
    } else if let Some(it) = &action.port_probe_action {
        ("PortProbeAction", port_probe(it))
    } else {
        return None;
    };
    Some(json!({"ActionType": action.action_type, name: value}))
}

/// The remote party as an indicator: type and value.
pub(super) fn indicator(finding: &Finding) -> Option<(&'static str, String)> {
    let action = finding.service.action.as_ref()?;
    if let Some(it) = &action.dns_request_action {
        return Some(("DOMAIN", it.domain.clone()));
    }
    let remote = action.remote_ip_details()?;
    match (&remote.ip_address_v4, &remote.ip_address_v6) {
        (Some(address), _) => Some(("IPV4_ADDRESS", address.clone())),
        (None, Some(address)) => Some(("IPV6_ADDRESS", address.clone())),
        (None, None) => None,
    }
}

fn api_call(it: &AwsApiCallAction, finding: &Finding) -> Value {
    let mut out = json!({
        "Api": it.api,
        "ServiceName": it.service_name,
        "CallerType": if it.caller_type == "Domain" { "domain" } else { "remoteIp" },
        "FirstSeen": finding.service.event_first_seen.to_string(),
        "LastSeen": finding.service.event_last_seen.to_string(),
    });
    if let Some(remote) = &it.remote_ip_details {
        out["RemoteIpDetails"] = remote_ip(remote);
    }
    if let Some(domain) = &it.domain_details {
        out["DomainDetails"] = json!({"Domain": domain.domain});
    }
    if !it.affected_resources.is_empty() {
        out["AffectedResources"] = json!(it.affected_resources);
    }
    out
}

fn dns_request(it: &DnsRequestAction) -> Value {
    json!({"Domain": it.domain, "Protocol": it.protocol, "Blocked": it.blocked})
}

fn connection(it: &NetworkConnectionAction) -> Value {
    let mut out = json!({
        "ConnectionDirection": it.connection_direction,
        "Protocol": it.protocol,
        "Blocked": it.blocked,
    });
    if let Some(remote) = &it.remote_ip_details {
        out["RemoteIpDetails"] = remote_ip(remote);
    }
    if let Some(details) = &it.remote_port_details {
        out["RemotePortDetails"] = port(details);
    }
    if let Some(details) = &it.local_port_details {
        out["LocalPortDetails"] = port(details);
    }
    out
}

fn port_probe(it: &PortProbeAction) -> Value {
    let details = it.port_probe_details.iter().map(|probe| {
        let mut out = json!({
            "LocalPortDetails": port(&probe.local_port_details),
            "RemoteIpDetails": remote_ip(&probe.remote_ip_details),
        });
        let local = probe.local_ip_details.as_ref();
        if let Some(LocalIpDetails { ip_address_v4: Some(address), .. }) = local {
            out["LocalIpDetails"] = json!({"IpAddressV4": address});
        }
        out
    });
    json!({"Blocked": it.blocked, "PortProbeDetails": details.collect::<Vec<_>>()})
}

fn port(it: &PortDetails) -> Value {
    json!({"Port": it.port, "PortName": it.port_name})
}

/// Only addresses of version 4 have a member; the others stand in the finding's texts.
fn remote_ip(it: &RemoteIpDetails) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    if let Some(address) = &it.ip_address_v4 {
        put("IpAddressV4", json!(address));
    }
    if let Some(organization) = &it.organization {
        let mut value = json!({
            "AsnOrg": organization.asn_org, "Isp": organization.isp, "Org": organization.org,
        });
        if let Ok(asn) = organization.asn.parse::<u32>() {
            value["Asn"] = json!(asn);
        }
        put("Organization", value);
    }
    if let Some(country) = &it.country {
        let mut value = Map::new();
        let names =
            [("CountryCode", &country.country_code), ("CountryName", &country.country_name)];
        for (name, text) in names {
            if let Some(text) = text {
                value.insert(name.to_owned(), json!(text));
            }
        }
        put("Country", Value::Object(value));
    }
    if let Some(city) = &it.city {
        put("City", json!({"CityName": city.city_name}));
    }
    if let Some(place) = &it.geo_location {
        put("GeoLocation", json!({"Lat": place.lat, "Lon": place.lon}));
    }
    Value::Object(out)
}
