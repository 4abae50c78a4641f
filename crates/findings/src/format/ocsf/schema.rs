//! What the public schema 1.3.0 says of the objects in use, for the tests.
//!
//! Facts by <https://schema.ocsf.io/1.3.0>: names of attributes and constraints.

use serde_json::Value;

/// What the public schema 1.3.0 says of an object: attributes that are known, those that are required,
/// and those of which one at least must be there.
struct Object {
    name: &'static str,
    known: &'static [&'static str],
    required: &'static [&'static str],
    one_of: &'static [&'static str],
    /// Attributes that hold objects, with their object's name.
    objects: &'static [(&'static str, &'static str)],
}

const SCHEMA: &[Object] = &[
    Object {
        name: "detection_finding",
        known: &[
            "activity_id",
            "activity_name",
            "category_uid",
            "category_name",
            "class_uid",
            "class_name",
            "type_uid",
            "type_name",
            "time",
            "start_time",
            "end_time",
            "count",
            "severity_id",
            "severity",
            "status_id",
            "status",
            "message",
            "cloud",
            "metadata",
            "finding_info",
            "resources",
            "observables",
            "unmapped",
            "evidences",
            "remediation",
        ],
        required: &[
            "activity_id",
            "category_uid",
            "class_uid",
            "cloud",
            "finding_info",
            "metadata",
            "severity_id",
            "time",
            "type_uid",
        ],
        one_of: &[],
        objects: &[
            ("cloud", "cloud"),
            ("metadata", "metadata"),
            ("finding_info", "finding_info"),
            ("resources", "resource_details"),
            ("observables", "observable"),
            ("evidences", "evidences"),
            ("remediation", "remediation"),
        ],
    },
    Object {
        name: "cloud",
        known: &["provider", "region", "account", "org", "project_uid", "zone"],
        required: &["provider"],
        one_of: &[],
        objects: &[("account", "account")],
    },
    Object {
        name: "account",
        known: &["uid", "name", "type", "type_id", "labels"],
        required: &[],
        one_of: &["uid", "name"],
        objects: &[],
    },
    Object {
        name: "metadata",
        known: &["version", "uid", "profiles", "product", "log_name", "event_code"],
        required: &["product", "version"],
        one_of: &[],
        objects: &[("product", "product")],
    },
    Object {
        name: "product",
        known: &["name", "vendor_name", "feature", "uid", "version"],
        required: &["vendor_name"],
        one_of: &["name", "uid"],
        objects: &[("feature", "feature")],
    },
    Object {
        name: "feature",
        known: &["name", "uid", "version"],
        required: &[],
        one_of: &["name", "uid"],
        objects: &[],
    },
    Object {
        name: "finding_info",
        known: &[
            "uid",
            "title",
            "desc",
            "types",
            "created_time",
            "modified_time",
            "first_seen_time",
            "last_seen_time",
            "analytic",
            "data_sources",
            "attacks",
        ],
        required: &["title", "uid"],
        one_of: &[],
        objects: &[("analytic", "analytic"), ("attacks", "attack")],
    },
    Object {
        name: "analytic",
        known: &["name", "uid", "type_id", "type", "version", "desc", "category"],
        required: &["type_id"],
        one_of: &["name", "uid"],
        objects: &[],
    },
    Object {
        name: "attack",
        known: &["technique", "tactic", "tactics", "sub_technique", "version"],
        required: &[],
        one_of: &["technique", "tactic", "sub_technique"],
        objects: &[("technique", "technique")],
    },
    Object {
        name: "technique",
        known: &["uid", "name", "src_url"],
        required: &[],
        one_of: &["uid", "name"],
        objects: &[],
    },
    Object {
        name: "resource_details",
        known: &[
            "uid",
            "name",
            "type",
            "region",
            "cloud_partition",
            "data",
            "labels",
            "group",
            "owner",
            "criticality",
            "namespace",
            "version",
        ],
        required: &[],
        one_of: &["uid", "name"],
        objects: &[],
    },
    Object {
        name: "observable",
        known: &["name", "type_id", "type", "value", "reputation"],
        required: &["name", "type_id"],
        one_of: &[],
        objects: &[],
    },
    Object {
        name: "evidences",
        known: &[
            "actor",
            "api",
            "connection_info",
            "data",
            "dst_endpoint",
            "src_endpoint",
            "query",
            "process",
            "file",
            "url",
            "user",
            "device",
            "database",
            "databucket",
        ],
        required: &[],
        one_of: &[
            "actor",
            "api",
            "connection_info",
            "data",
            "dst_endpoint",
            "src_endpoint",
            "query",
            "process",
            "file",
            "url",
            "user",
            "device",
            "database",
            "databucket",
        ],
        objects: &[
            ("api", "api"),
            ("connection_info", "network_connection_info"),
            ("dst_endpoint", "network_endpoint"),
            ("src_endpoint", "network_endpoint"),
            ("query", "dns_query"),
            ("actor", "actor"),
        ],
    },
    Object {
        name: "api",
        known: &["operation", "service", "response", "request", "version", "group"],
        required: &["operation"],
        one_of: &[],
        objects: &[("service", "service"), ("response", "response")],
    },
    Object {
        name: "service",
        known: &["name", "uid", "version", "labels"],
        required: &[],
        one_of: &["name", "uid"],
        objects: &[],
    },
    Object {
        name: "response",
        known: &["error", "error_message", "code", "message", "flags", "data"],
        required: &[],
        one_of: &[],
        objects: &[],
    },
    Object {
        name: "network_connection_info",
        known: &[
            "direction_id",
            "direction",
            "protocol_name",
            "protocol_num",
            "protocol_ver",
            "protocol_ver_id",
            "boundary",
            "boundary_id",
            "tcp_flags",
            "uid",
        ],
        required: &["direction_id"],
        one_of: &[],
        objects: &[],
    },
    Object {
        name: "network_endpoint",
        known: &[
            "ip",
            "port",
            "hostname",
            "domain",
            "location",
            "interface_uid",
            "interface_name",
            "instance_uid",
            "svc_name",
            "uid",
            "name",
            "subnet_uid",
            "vpc_uid",
        ],
        required: &[],
        one_of: &[
            "ip",
            "uid",
            "name",
            "hostname",
            "svc_name",
            "instance_uid",
            "interface_uid",
            "interface_name",
        ],
        objects: &[("location", "location")],
    },
    Object {
        name: "location",
        known: &["city", "country", "coordinates", "region", "postal_code", "continent"],
        required: &[],
        one_of: &["city", "country", "postal_code", "region"],
        objects: &[],
    },
    Object {
        name: "dns_query",
        known: &["hostname", "type", "class", "opcode", "opcode_id", "packet_uid"],
        required: &["hostname"],
        one_of: &[],
        objects: &[],
    },
    Object {
        name: "actor",
        known: &["user", "session", "process", "invoked_by", "idp", "app_name", "app_uid"],
        required: &[],
        one_of: &["user", "session", "process", "invoked_by", "app_name", "app_uid"],
        objects: &[("user", "user")],
    },
    Object {
        name: "user",
        known: &[
            "name",
            "uid",
            "uid_alt",
            "type",
            "type_id",
            "account",
            "credential_uid",
            "domain",
        ],
        required: &[],
        one_of: &["account", "name", "uid"],
        objects: &[],
    },
    Object {
        name: "remediation",
        known: &["desc", "references", "kb_articles", "kb_article_list"],
        required: &["desc"],
        one_of: &[],
        objects: &[],
    },
];

/// Panics, with the path, where a document is not as the schema asks.
pub(super) fn assert_valid(value: &Value, name: &str, path: &str) {
    if let Some(items) = value.as_array() {
        return items.iter().for_each(|it| assert_valid(it, name, path));
    }
    let object = SCHEMA.iter().find(|it| it.name == name).expect("an object of the table");
    let members = value.as_object().expect("an object");
    for (member, inner) in members {
        assert!(object.known.contains(&member.as_str()), "{path}.{member} is unknown");
        assert!(!inner.is_null(), "{path}.{member} is null");
        if let Some((_, kind)) = object.objects.iter().find(|(it, _)| it == member) {
            assert_valid(inner, kind, &format!("{path}.{member}"));
        }
    }
    for member in object.required {
        assert!(members.contains_key(*member), "{path}.{member} is missing");
    }
    let is_named =
        object.one_of.is_empty() || object.one_of.iter().any(|it| members.contains_key(*it));
    assert!(is_named, "{path} has none of {:?}", object.one_of);
}
