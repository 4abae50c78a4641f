//! An instance asks for a name that a known family's algorithm makes on these days.

use std::time::Duration;

use dga::Known;
use engine::findings::{Draft, Reason, ResourceRole, ThreatIntelligenceDetail};
use engine::intel::{Categories, Category};
use engine::model::Scope;
use engine::{Context, Detector, DnsQueries, Event, Interest, Out, Spec};

use super::dns_threat_list::KNOWN_DGA;

const QUIET: Categories = Categories::of(&[Category::Trusted, Category::Popular]);

tunables! {
    /// Names that the algorithms of known families (Necurs, newGOZ, `PadCrypt`, Sisron, Orchard,
    /// Proslikefan) make within two days of the query.
    pub struct KnownDga {
        /// Whether the family is on.
        pub enabled: bool = true,
    }
}

impl Detector for KnownDga {
    type Reads = DnsQueries;
    type State = ();

    const SPEC: Spec = Spec {
        name: "ec2/known_dga",
        scope: Scope::Host,
        idle: Duration::from_hours(1),
        version: 1,
        types: &[&KNOWN_DGA],
        interest: Interest::Every,
    };

    // Malware asks for the bare domain.
    fn wants(&self, event: &Event<'_, DnsQueries>) -> bool {
        event.subdomain_len() == 0 && self.enabled && !event.listed.intersects(QUIET)
    }

    fn observe(
        &self,
        (): &mut (),
        event: &Event<'_, DnsQueries>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let name = event.name();
        if !name.contains('.') {
            return;
        }
        if let Some(known) = dga::known(event.time().day(), name) {
            out.raise(draft(known, event, ctx));
        }
    }
}

fn draft(known: Known, event: &Event<'_, DnsQueries>, ctx: &Context<'_>) -> Draft {
    let mut draft = ctx.instance_draft(&KNOWN_DGA, event.time());
    let (instance, name) = (draft.key.clone(), event.name());
    draft.key = format!("{instance} {name}");
    draft.role = ResourceRole::Target;
    draft.title = format!("DGA domain name queried by EC2 instance {instance}.");
    draft.description = format!(
        "EC2 instance {instance} is querying a domain name that the domain generation algorithm of {} makes: \
         {name}.",
        known.family
    );
    draft.action = ctx.dns_action(event);
    draft.intel = vec![ThreatIntelligenceDetail {
        threat_list_name: "Known algorithms".to_owned(),
        threat_names: vec![known.family.to_owned()],
        threat_file_sha256: None,
    }];
    draft.additional.insert("domain".to_owned(), name.into());
    draft.evidence.push(event.evidence());
    let apart = known.day - event.time().day();
    draft.reasons.push(Reason::new("days from the query to the name's day", apart, "2 days"));
    draft
}
