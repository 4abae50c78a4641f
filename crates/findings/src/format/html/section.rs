//! One finding in full: what happened, why it matters, what to do, why it was raised, and the evidence.

use serde::Serialize;

use crate::escape::Html;
use crate::format::html::class;
use crate::format::html::entities::Entity;
use crate::format::html::entity_view::link;
use crate::format::html::json_view::json_view;
use crate::format::html::parts::{cut, fact, plural};
use crate::format::{put, seconds, thousands, words};
use crate::{EvidenceRecord, Finding, Reason, ReportFinding};

/// Most bytes of a document that are shown.
const DOCUMENT_MAX: usize = 16 * 1024;

/// Writes the section; without records where the page has no room for them.
pub(crate) fn section(
    out: &mut String,
    it: &ReportFinding<'_>,
    related: &[&Entity],
    has_records: bool,
) {
    let finding = it.finding;
    let class = class(finding.band());
    put(
        out,
        format_args!(
            "<article class=\"panel item finding {class}\" id=\"f-{}\">\n<header>\
             <p class=\"over\"><span class=\"pill {class}\">{} {}</span> <code class=\"type\">{}</code></p>\
             <h3>{}</h3></header>\n",
            Html(&finding.id),
            finding.band(),
            finding.severity.value(),
            Html(&cut(&finding.finding_type)),
            Html(&cut(&words::headline(finding))),
        ),
    );
    facts(out, it);
    if !related.is_empty() {
        out.push_str("<p class=\"with\"><span class=\"kind\">Concerns</span>");
        for it in related {
            link(out, it);
        }
        out.push_str("</p>\n");
    }
    out.push_str("<div class=\"prose\">\n");
    text(out, "What happened", &finding.description);
    text(out, "Why it matters", it.finding_type.about);
    let response = &it.explanation.response;
    text(out, "What to do", if response.is_empty() { it.finding_type.response } else { response });
    text(out, "What else looks like this", it.finding_type.false_positives);
    out.push_str("</div>\n");
    reasons(out, &it.explanation.reasons);
    if has_records {
        evidence(out, &it.explanation.evidence);
        out.push_str("<div class=\"raw\">\n");
        document(out, "Resource", &finding.resource);
        if let Some(action) = &finding.service.action {
            document(out, "Action", action);
        }
        if let Some(intel) = &finding.service.evidence {
            document(out, "Threat intelligence", intel);
        }
        out.push_str("</div>\n");
    } else {
        out.push_str(
            "<p class=\"empty\">The records are left out to keep the size of this page bounded. The JSON \
             output has them.</p>\n",
        );
    }
    out.push_str("<p class=\"back\"><a href=\"#findings\">Findings</a></p>\n</article>\n");
}

fn facts(out: &mut String, it: &ReportFinding<'_>) {
    let finding = it.finding;
    let service = &finding.service;
    out.push_str("<dl class=\"facts\">\n");
    let kind = finding.resource.resource_type.as_str();
    let name = words::resource(&finding.resource);
    fact(out, if name == kind { "Resource" } else { kind }, &name, true);
    if let Some(remote) = remote(finding) {
        fact(out, "Remote party", &remote, true);
    }
    fact(out, "Account", &finding.account_id.to_string(), false);
    fact(out, "Region", finding.region.as_str(), false);
    fact(out, "First seen", &format!("{} UTC", seconds(service.event_first_seen)), false);
    fact(out, "Last seen", &format!("{} UTC", seconds(service.event_last_seen)), false);
    fact(out, "Occurrences", &thousands(service.count), false);
    fact(out, "ATT&CK", &it.explanation.techniques.join(", "), false);
    fact(out, "Finding id", &finding.id, true);
    out.push_str("</dl>\n");
}

/// The address, with country and network, or the name on the other side.
fn remote(finding: &Finding) -> Option<String> {
    let action = finding.service.action.as_ref()?;
    if let Some(dns) = &action.dns_request_action {
        return Some(dns.domain.clone());
    }
    let details = action.remote_ip_details()?;
    let mut parts =
        vec![details.ip_address_v4.as_ref().or(details.ip_address_v6.as_ref())?.clone()];
    parts.extend(details.country.as_ref().and_then(|it| it.country_name.clone()));
    parts.extend(details.organization.as_ref().map(|it| format!("AS{} {}", it.asn, it.asn_org)));
    Some(parts.join(" · "))
}

fn text(out: &mut String, heading: &str, body: &str) {
    if !body.is_empty() {
        put(out, format_args!("<div><h4>{heading}</h4><p>{}</p></div>\n", Html(&cut(body))));
    }
}

fn reasons(out: &mut String, reasons: &[Reason]) {
    if reasons.is_empty() {
        return;
    }
    out.push_str(
        "<h4>Why it was raised</h4>\n<div class=\"scroll\"><table class=\"reasons\"><thead><tr>\
         <th>Measured</th><th>Seen</th><th>Compared with</th></tr></thead>\n<tbody>\n",
    );
    for it in reasons {
        put(
            out,
            format_args!(
                "<tr><td>{}</td><td><strong>{}</strong></td><td>{}</td></tr>\n",
                Html(&cut(&it.what)),
                Html(&cut(&it.value)),
                Html(&cut(&it.threshold))
            ),
        );
    }
    out.push_str("</tbody></table></div>\n");
}

fn evidence(out: &mut String, records: &[EvidenceRecord]) {
    if records.is_empty() {
        return;
    }
    put(
        out,
        format_args!(
            "<h4>Evidence <span class=\"of\">{}</span></h4>\n",
            plural(records.len(), "record")
        ),
    );
    for it in records {
        put(
            out,
            format_args!(
                "<details class=\"record\"><summary><span class=\"time\">{}</span> \
                 <code>{}</code> <span class=\"of\">byte {}, {} bytes</span></summary>\n\
                 <p class=\"hash\">SHA-256 <code>{}</code></p>\n",
                seconds(it.time),
                Html(&cut(&it.file)),
                thousands(it.offset),
                thousands(it.length),
                Html(&cut(&it.sha256)),
            ),
        );
        json_view(out, &it.text);
        out.push_str("</details>\n");
    }
}

fn document(out: &mut String, name: &str, value: &impl Serialize) {
    let text = serde_json::to_string(value).unwrap_or_default();
    put(out, format_args!("<details><summary>{name} as JSON</summary>\n"));
    let end = text.floor_char_boundary(DOCUMENT_MAX);
    json_view(out, text.get(..end).unwrap_or_default());
    out.push_str("</details>\n");
}
