//! A public name leads to the instance metadata service.

use std::time::Duration;

use engine::findings::{Data, Draft, FindingType, Reason, ResourceRole};
use engine::intel::Category;
use engine::model::{Addr, Scope, Severity};
use engine::{Context, Detector, DnsQueries, Event, Interest, Out, Spec};

/// DNS rebinding.
pub const METADATA_DNS_REBIND: FindingType = FindingType {
    name: "UnauthorizedAccess:EC2/MetadataDNSRebind",
    severity: Severity::HIGH,
    title: "An EC2 instance asks for a public name that leads to its metadata service",
    about: "The instance asked for a public domain name and the answer was the address of its own metadata \
        service, 169.254.169.254 or fd00:ec2::254. Nobody has a reason to publish such a name but to make \
        an application on the instance, which checks names and not addresses, fetch the credentials of \
        the instance's role.",
    detection: "An answer in the Route 53 Resolver query log (A or AAAA) is 169.254.169.254 or \
        fd00:ec2::254, and the name asked for is not one of AWS's own (`.compute.internal`, \
        `.ec2.internal`, `.amazonaws.com`, `.amazon.com`, `.aws`) nor one that the public DNS does not \
        have (without a dot, or under `internal`, `local`, `localhost`, `localdomain`, `lan`, `home`, \
        `corp`, `intranet`, `private`, `arpa`).",
    false_positives: "Names that resolve to any address in them (`169.254.169.254.nip.io`) are also used by \
        penetration testers. A name of your own that leads there on purpose belongs on a trusted list.",
    response: "Find the application that resolved the name: it fetches addresses that somebody else chooses \
        (server-side request forgery). Look in CloudTrail for calls with the role's credentials from \
        elsewhere, revoke its sessions, require IMDSv2 and set the hop limit to 1.",
    techniques: &["T1552.005", "T1190"],
    data: &[Data::ResolverQuery],
    aggregation: "instance and registrable domain",
    is_own: false,
};

/// The metadata service (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html>).
const METADATA_V4: Addr = Addr::from_v4(0xa9fe_a9fe);
const METADATA_V6: Addr = Addr::from_bits(0xfd00_0ec2_0000_0000_0000_0000_0000_0254);
/// What the text of both addresses ends in: most answers are told by it.
const END: &str = "254";
/// Suffixes of AWS's own names.
const AWS_NAMES: [&str; 5] =
    [".compute.internal", ".ec2.internal", ".amazonaws.com", ".amazon.com", ".aws"];
/// Top-level domains that the public DNS does not have.
const PRIVATE_TLDS: [&str; 10] = [
    "internal",
    "local",
    "localhost",
    "localdomain",
    "lan",
    "home",
    "corp",
    "intranet",
    "private",
    "arpa",
];

tunables! {
    /// Public names that lead to the metadata service.
    pub struct MetadataDnsRebind {
        /// Whether the family is on.
        pub enabled: bool = true,
    }
}

impl Detector for MetadataDnsRebind {
    type Reads = DnsQueries;
    type State = ();

    const SPEC: Spec = Spec {
        name: "ec2/metadata_dns_rebind",
        scope: Scope::Host,
        idle: Duration::from_hours(1),
        version: 1,
        types: &[&METADATA_DNS_REBIND],
        interest: Interest::Every,
    };

    fn wants(&self, event: &Event<'_, DnsQueries>) -> bool {
        event.row.answer_count > 0
            && self.enabled
            && has_line_with_end(event.answers_text())
            && event.answers().any(|(_, data)| is_metadata(data))
            && is_public_name(event.name())
            && !event.listed.contains(Category::Trusted)
    }

    fn observe(
        &self,
        (): &mut (),
        event: &Event<'_, DnsQueries>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        out.raise(draft(event, ctx));
    }
}

fn draft(event: &Event<'_, DnsQueries>, ctx: &Context<'_>) -> Draft {
    let mut draft = ctx.instance_draft(&METADATA_DNS_REBIND, event.time());
    let (instance, name) = (draft.key.clone(), event.name());
    draft.key = format!("{instance} {}", event.registrable());
    draft.role = ResourceRole::Target;
    draft.title = format!(
        "EC2 instance {instance} is performing DNS lookups that resolve to the instance metadata service."
    );
    draft.description = format!(
        "EC2 instance {instance} is performing DNS lookups that resolve to the instance metadata service: \
         {name}. This may be an attempt to obtain the instance's credentials by DNS rebinding."
    );
    draft.action = ctx.dns_action(event);
    draft.additional.insert("domain".to_owned(), name.into());
    draft.evidence.push(event.evidence());
    let data = event.answers().map(|it| it.1).find(|it| is_metadata(it)).unwrap_or("");
    draft.reasons.push(Reason::new("answer to a public name", data, "metadata service"));
    draft
}

/// Whether some line ends as the addresses do. Most names have one answer: nothing is searched then.
fn has_line_with_end(answers: &str) -> bool {
    let mut rest = answers.as_bytes();
    while !rest.ends_with(END.as_bytes()) {
        let Some(newline) = memchr::memrchr(b'\n', rest) else { return false };
        rest = &rest[..newline];
    }
    true
}

fn is_metadata(data: &str) -> bool {
    data.ends_with(END)
        && Addr::parse(data).is_some_and(|it| it == METADATA_V4 || it == METADATA_V6)
}

/// Whether the public DNS may have the name, and it is not one of AWS's own.
fn is_public_name(name: &str) -> bool {
    let Some((_, tld)) = name.rsplit_once('.') else { return false };
    !PRIVATE_TLDS.contains(&tld) && !AWS_NAMES.iter().any(|it| name.ends_with(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_addresses_are_known_in_every_form() {
        for data in ["169.254.169.254", "fd00:ec2::254", "fd00:0ec2:0:0:0:0:0:254", "FD00:EC2::254"]
        {
            assert!(is_metadata(data), "{data}");
        }
        for data in ["169.254.170.2", "10.169.254.254", "fd00:ec2::253", "x254", ""] {
            assert!(!is_metadata(data), "{data}");
        }
    }

    #[test]
    fn names_of_aws_and_of_private_networks_are_no_public_ones() {
        for name in ["rebind.example.com", "169.254.169.254.nip.io", "notamazonaws.com"] {
            assert!(is_public_name(name), "{name}");
        }
        for name in [
            "instance-data.us-east-1.compute.internal",
            "instance-data.ec2.internal",
            "metadata.google.internal",
            "imds.corp",
            "metadata",
            "x.amazonaws.com",
        ] {
            assert!(!is_public_name(name), "{name}");
        }
    }
}
