//! What findings say of the lists that raised them.

use engine::Context;
use engine::findings::Draft;
use engine::intel::{Categories, Indicator, Verdict};

/// Names the lists of these categories in the draft: as evidence, and the first of them with what it calls
/// the threat as `threatListName` and `threatName`.
pub(crate) fn name_lists(
    draft: &mut Draft,
    ctx: &Context<'_>,
    (verdict, indicator): (Verdict, Indicator<'_>),
    categories: Categories,
) {
    let lists = ctx.intel.lists(verdict, ctx.entity.account, ctx.entity.region);
    let threats = ctx.threats(verdict, indicator).into_iter();
    let named = lists.zip(threats).filter(|(list, _)| categories.contains(list.category));
    draft.intel = named.map(|it| it.1).collect();
    let Some(first) = draft.intel.first() else { return };
    let name = first.threat_list_name.as_str();
    draft.additional.insert("threatListName".to_owned(), name.into());
    if let Some(threat) = first.threat_names.first() {
        draft.additional.insert("threatName".to_owned(), threat.as_str().into());
    }
}
