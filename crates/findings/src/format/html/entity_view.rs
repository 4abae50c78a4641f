//! The entities of the report: an index, and a section for each with its findings.

use std::collections::BTreeSet;

use model::SeverityBand;

use crate::escape::Html;
use crate::format::html::class;
use crate::format::html::entities::{Entities, Entity, Kind, remotes};
use crate::format::html::parts::{cut, fact, pills, plural};
use crate::format::{put, seconds, thousands, words};
use crate::{Finding, NetworkInterface, ReportFinding};

/// Most findings that are listed of one entity.
const FINDINGS_MAX: usize = 40;
/// Most entities that are named as seen together with one.
const RELATED_MAX: usize = 12;
/// Most values of one fact.
const VALUES_MAX: usize = 6;

/// Writes the index and the sections.
pub(crate) fn entities(
    out: &mut String,
    entities: &Entities,
    findings: &[&ReportFinding<'_>],
    full: usize,
) {
    if entities.all.is_empty() {
        return;
    }
    index(out, entities);
    for number in 0..entities.all.len() {
        section(out, entities, number, findings, full);
    }
}

fn index(out: &mut String, entities: &Entities) {
    out.push_str(
        "<section class=\"panel\" id=\"entities\">\n<h2>Who and what is concerned</h2>\n\
         <p class=\"caption\">Each name leads to all that the findings say of it.</p>\n",
    );
    for kind in Kind::ALL {
        let of_kind: Vec<&Entity> = entities.all.iter().filter(|it| it.kind == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        put(
            out,
            format_args!(
                "<h3 class=\"group\">{} <span class=\"of\">{}</span></h3>\n<div class=\"scroll\">\
                 <table class=\"index\"><thead><tr><th>{}</th><th>Findings</th>\
                 <th>First seen (UTC)</th><th>Last seen (UTC)</th></tr></thead>\n<tbody>\n",
                kind.many(),
                thousands(of_kind.len() as u64),
                kind.one()
            ),
        );
        for it in of_kind {
            put(
                out,
                format_args!(
                    "<tr><td><a href=\"#{}\"><code>{}</code></a></td><td class=\"bands\">",
                    it.anchor,
                    Html(&cut(&it.label))
                ),
            );
            pills(out, &it.bands);
            put(
                out,
                format_args!(
                    "</td><td class=\"time\">{}</td><td class=\"time\">{}</td></tr>\n",
                    seconds(it.first),
                    seconds(it.last)
                ),
            );
        }
        out.push_str("</tbody></table></div>\n");
    }
    if entities.left_out > 0 {
        let more = thousands(entities.left_out as u64);
        put(
            out,
            format_args!(
                "<p class=\"empty\">{more} more with less severe findings have no section here, to keep \
                 the size of this page bounded.</p>\n"
            ),
        );
    }
    out.push_str("</section>\n");
}

fn section(
    out: &mut String,
    entities: &Entities,
    number: usize,
    findings: &[&ReportFinding<'_>],
    full: usize,
) {
    let Some(entity) = entities.all.get(number) else { return };
    let own: Vec<(usize, &Finding)> =
        entity.findings.iter().filter_map(|it| Some((*it, findings.get(*it)?.finding))).collect();
    let worst = own.iter().map(|it| it.1.band()).max().unwrap_or(SeverityBand::Low);
    put(
        out,
        format_args!(
            "<article class=\"panel entity {}\" id=\"{}\">\n<header><p class=\"over\">\
             <span class=\"kind\">{}</span>",
            class(worst),
            entity.anchor,
            entity.kind.one()
        ),
    );
    out.push(' ');
    pills(out, &entity.bands);
    put(out, format_args!("</p><h3><code>{}</code></h3></header>\n", Html(&cut(&entity.label))));
    facts(out, entity, &own);
    out.push_str(
        "<div class=\"scroll\"><table class=\"list\"><thead><tr><th>Severity</th><th>Finding</th>\
         <th>First seen (UTC)</th><th>Last seen (UTC)</th><th class=\"n\">Count</th></tr></thead>\n<tbody>\n",
    );
    for (number, finding) in own.iter().take(FINDINGS_MAX) {
        row(out, finding, *number < full);
    }
    out.push_str("</tbody></table></div>\n");
    if own.len() > FINDINGS_MAX {
        let more = plural(own.len() - FINDINGS_MAX, "more finding");
        put(out, format_args!("<p class=\"caption\">{more}: see the list.</p>\n"));
    }
    let related = entities.related(number, RELATED_MAX);
    if !related.is_empty() {
        out.push_str("<p class=\"with\"><span class=\"kind\">In the same findings</span>");
        for it in related {
            link(out, it);
        }
        out.push_str("</p>\n");
    }
    out.push_str(
        "<p class=\"back\"><a href=\"#entities\">Who and what is concerned</a> \
         <a href=\"#findings\">Findings</a></p>\n</article>\n",
    );
}

/// A link to an entity's section.
pub(crate) fn link(out: &mut String, entity: &Entity) {
    put(
        out,
        format_args!(
            " <a class=\"tag\" href=\"#{}\" title=\"{}\"><code>{}</code></a>",
            entity.anchor,
            entity.kind.one(),
            Html(&cut(&entity.label))
        ),
    );
}

fn row(out: &mut String, finding: &Finding, is_full: bool) {
    let class = class(finding.band());
    let title = words::headline(finding);
    put(
        out,
        format_args!("<tr><td><span class=\"pill {class}\">{}</span></td><td>", finding.band()),
    );
    if is_full {
        put(out, format_args!("<a href=\"#f-{}\">{}</a>", Html(&finding.id), Html(&cut(&title))));
    } else {
        put(out, format_args!("{}", Html(&cut(&title))));
    }
    put(
        out,
        format_args!(
            "<br><code class=\"type\">{}</code></td><td class=\"time\">{}</td>\
             <td class=\"time\">{}</td><td class=\"n\">{}</td></tr>\n",
            Html(&cut(&finding.finding_type)),
            seconds(finding.service.event_first_seen),
            seconds(finding.service.event_last_seen),
            thousands(finding.service.count),
        ),
    );
}

/// Values of one fact, without repetition and bounded.
#[derive(Default)]
struct Values(BTreeSet<String>);

impl Values {
    fn add(&mut self, value: impl Into<String>) {
        let value = value.into();
        // One more than is shown, so that it can be said that there are more.
        if !value.is_empty() && self.0.len() <= VALUES_MAX {
            self.0.insert(cut(&value).into_owned());
        }
    }

    fn text(&self) -> String {
        let shown: Vec<&str> = self.0.iter().take(VALUES_MAX).map(String::as_str).collect();
        let more = if self.0.len() > VALUES_MAX { " and more" } else { "" };
        format!("{}{more}", shown.join(", "))
    }
}

fn facts(out: &mut String, entity: &Entity, own: &[(usize, &Finding)]) {
    out.push_str("<dl class=\"facts\">\n");
    fact(out, "First seen", &format!("{} UTC", seconds(entity.first)), false);
    fact(out, "Last seen", &format!("{} UTC", seconds(entity.last)), false);
    let collect = |read: &dyn Fn(&Finding, &mut Values)| {
        let mut values = Values::default();
        for it in own {
            read(it.1, &mut values);
        }
        values.text()
    };
    fact(out, "Account", &collect(&|it, to| to.add(it.account_id.to_string())), false);
    fact(out, "Region", &collect(&|it, to| to.add(it.region.as_str())), false);
    match entity.kind {
        Kind::Instance => instance(out, &collect),
        Kind::Principal => {
            let key = |it: &Finding| it.resource.access_key_details.clone().unwrap_or_default();
            fact(out, "Kind", &collect(&|it, to| to.add(key(it).user_type)), false);
            fact(out, "Access keys", &collect(&|it, to| to.add(key(it).access_key_id)), true);
            fact(out, "Principal", &collect(&|it, to| to.add(key(it).principal_id)), true);
        }
        Kind::Bucket => {
            let permission = |it: &Finding, to: &mut Values| {
                let buckets = it.resource.s3_bucket_details.iter();
                let access = buckets.filter_map(|it| it.public_access.as_ref());
                access.for_each(|it| to.add(it.effective_permission.replace('_', " ")));
            };
            fact(out, "Access", &collect(&permission), false);
        }
        Kind::Function => {}
        Kind::Address => address(out, entity, &collect),
        Kind::Name => lists(out, &collect),
    }
    out.push_str("</dl>\n");
}

type Collect<'c> = dyn Fn(&dyn Fn(&Finding, &mut Values)) -> String + 'c;

fn instance(out: &mut String, collect: &Collect<'_>) {
    let details = |it: &Finding| it.resource.instance_details.clone().unwrap_or_default();
    let some = |to: &mut Values, text: Option<String>| to.add(text.unwrap_or_default());
    let of_interfaces = |read: &dyn Fn(NetworkInterface) -> Option<String>| {
        collect(&|it, to| {
            for interface in details(it).network_interfaces {
                some(to, read(interface));
            }
        })
    };
    fact(out, "Type", &collect(&|it, to| some(to, details(it).instance_type)), false);
    fact(out, "Image", &collect(&|it, to| some(to, details(it).image_id)), true);
    let role = |it: &Finding, to: &mut Values| {
        some(to, details(it).iam_instance_profile.and_then(|it| it.arn));
    };
    fact(out, "Instance profile", &collect(&role), true);
    fact(out, "Private addresses", &of_interfaces(&|it| it.private_ip_address), true);
    fact(out, "Public addresses", &of_interfaces(&|it| it.public_ip), true);
    fact(out, "VPC", &of_interfaces(&|it| it.vpc_id), true);
}

fn address(out: &mut String, entity: &Entity, collect: &Collect<'_>) {
    let is_this = |it: &&crate::RemoteIpDetails| {
        let address = it.ip_address_v4.as_ref().or(it.ip_address_v6.as_ref());
        address.is_some_and(|it| *it == entity.label)
    };
    let country = |it: &Finding, to: &mut Values| {
        let countries = remotes(it).filter(is_this).filter_map(|it| it.country.clone());
        countries.for_each(|it| to.add(it.country_name.unwrap_or_default()));
    };
    let network = |it: &Finding, to: &mut Values| {
        let networks = remotes(it).filter(is_this).filter_map(|it| it.organization.clone());
        networks.for_each(|it| to.add(format!("AS{} {}", it.asn, it.asn_org)));
    };
    fact(out, "Country", &collect(&country), false);
    fact(out, "Network", &collect(&network), false);
    lists(out, collect);
}

/// The lists that name the other side in its findings.
fn lists(out: &mut String, collect: &Collect<'_>) {
    let lists = |it: &Finding, to: &mut Values| {
        let details = it.service.evidence.iter().flat_map(|it| &it.threat_intelligence_details);
        details.for_each(|it| to.add(it.threat_list_name.as_str()));
    };
    fact(out, "Lists that gave findings", &collect(&lists), false);
}
