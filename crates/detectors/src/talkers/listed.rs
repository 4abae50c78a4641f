//! Talk with addresses on threat lists.

use engine::findings::{Draft, FindingType, Reason, ResourceRole};
use engine::intel::{Categories, Category, Indicator};
use engine::{Context, Ends, Event, Flows, LocalFlow, Out};

use super::{Talker, is_mere_answer, is_ours};
use crate::ec2::lists::name_lists;

/// Declares a family of talk with listed addresses: the settings and the detector. After its name stand that of
/// the file and who talks; five constants are the types.
macro_rules! listed_family {
    ($(#[doc = $doc:literal])* pub struct $name:ident: $family:literal, $talker:expr) => {
        /// Which category of list raises which type.
        const TYPES: [(engine::intel::Category, &engine::findings::FindingType); 5] = [
            (engine::intel::Category::CommandAndControl, &COMMAND_AND_CONTROL),
            (engine::intel::Category::MiningPool, &BITCOIN_TOOL),
            (engine::intel::Category::Sinkhole, &BLACKHOLE),
            (engine::intel::Category::DropPoint, &DROP_POINT),
            (engine::intel::Category::Threat, &CUSTOM),
        ];

        tunables! {
            $(#[doc = $doc])*
            pub struct $name {
                /// Whether the family is on.
                pub enabled: bool = true,
            }
        }

        impl engine::Detector for $name {
            type Reads = engine::Flows;
            type State = ();

            const SPEC: engine::Spec = engine::Spec {
                name: $family,
                scope: engine::model::Scope::Interface,
                idle: std::time::Duration::from_hours(1),
                version: 1,
                types: &[&COMMAND_AND_CONTROL, &BITCOIN_TOOL, &BLACKHOLE, &DROP_POINT, &CUSTOM],
                interest: engine::Interest::Listed($crate::talkers::listed::LISTED),
            };

            fn wants(&self, event: &engine::Event<'_, engine::Flows>) -> bool {
                self.enabled && $crate::talkers::listed::wants(event.row)
            }

            fn observe(
                &self,
                (): &mut (),
                event: &engine::Event<'_, engine::Flows>,
                ctx: &engine::Context<'_>,
                out: &mut engine::Out<'_>,
            ) {
                $crate::talkers::listed::observe($talker, &TYPES, event, ctx, out);
            }
        }
    };
}

/// The categories of lists that are looked at.
pub(crate) const LISTED: Categories = Categories::of(&[
    Category::CommandAndControl,
    Category::MiningPool,
    Category::Sinkhole,
    Category::DropPoint,
    Category::Threat,
]);

/// Whether a line says that we talked.
///
/// Packets that only arrive say nothing about us: anybody can send them. Our answer is a line of its own, and
/// what any scan gets from us says as little.
pub(crate) fn wants(flow: &LocalFlow) -> bool {
    flow.is_outbound && !is_mere_answer(flow)
}

/// Raises the type of each category that names the remote address.
pub(crate) fn observe(
    talker: Talker,
    types: &[(Category, &'static FindingType)],
    event: &Event<'_, Flows>,
    ctx: &Context<'_>,
    out: &mut Out<'_>,
) {
    for (category, finding_type) in types {
        if event.listed.contains(*category)
            && let Some(draft) = draft(talker, finding_type, *category, event, ctx)
        {
            out.raise(draft);
        }
    }
}

fn draft(
    talker: Talker,
    finding_type: &'static FindingType,
    category: Category,
    event: &Event<'_, Flows>,
    ctx: &Context<'_>,
) -> Option<Draft> {
    let flow = event.row;
    let (mut draft, subject) = talker.draft(finding_type, ctx, event.time())?;
    let remote = flow.remote.to_string();
    let named = (event.verdict, Indicator::Address(flow.remote));
    name_lists(&mut draft, ctx, named, Categories::of(&[category]));
    let list = draft.intel.first().map_or("", |it| it.threat_list_name.as_str()).to_owned();
    (draft.title, draft.description) = texts(category, &subject, &remote, &list);
    let is_ours = is_ours(flow);
    draft.role = if is_ours == Some(false) { ResourceRole::Target } else { ResourceRole::Actor };
    draft.action = ctx.network_action(Ends { is_outbound: is_ours, ..Ends::from(flow) });
    draft.evidence.push(event.evidence());
    draft.reasons.push(Reason::new("remote address on a list", remote, category.as_str()));
    Some(draft)
}

fn texts(category: Category, subject: &str, remote: &str, list: &str) -> (String, String) {
    let what = match category {
        Category::CommandAndControl => "a known Command & Control server",
        Category::MiningPool => "a remote host that is associated with cryptocurrency activity",
        Category::Sinkhole => "a remote host that is a known black hole",
        Category::DropPoint => {
            return (
                format!("{subject} is communicating with a Drop Point."),
                format!(
                    "{subject} is communicating with a remote host {remote} that is known \
                     to hold credentials and other stolen data captured by malware."
                ),
            );
        }
        _ => {
            return (
                format!("{subject} communicating with disallowed IP address."),
                format!(
                    "{subject} is communicating with a disallowed IP address {remote} on \
                     the list {list}."
                ),
            );
        }
    };
    (
        format!("{subject} is communicating with {what}."),
        format!("{subject} is communicating with {what}: {remote}, on the list {list}."),
    )
}
