//! What every store has to do: one list of cases, run over every back end.

pub(crate) mod documents;
pub(crate) mod finding;
mod fixture;
pub(crate) mod outbox;
pub(crate) mod random;
pub(crate) mod snapshots;

pub(crate) use fixture::{
    MINUTE, START, account, all, commit, criteria, draft, fill, ids, list, owner, region, varied,
};

/// Writes the cases as tests of the back end that `$open` makes an empty store of; what it keeps alive
/// (a folder, a server) comes back beside the store. `suite! { @list [] }` gives the cases with their
/// names instead.
macro_rules! suite {
    ($open:expr) => {
        $crate::suite::suite! { @cases tests [$open] }
    };
    (@tests [$open:expr] $($group:ident: $($case:ident)*;)*) => {
        $(mod $group {
            $(
                #[test]
                fn $case() {
                    let Some((store, _kept)) = $open else { return };
                    $crate::suite::$group::$case(&store);
                }
            )*
        })*
    };
    (@list [] $($group:ident: $($case:ident)*;)*) => {
        [$($(
            (stringify!($case), $crate::suite::$group::$case as fn(&dyn $crate::Store)),
        )*)*]
    };
    (@cases $form:ident $arguments:tt) => {
        $crate::suite::suite! { @$form $arguments
            finding:
                drafts_are_merged
                a_batch_is_committed_once
                activity_after_retention_opens_a_generation
                batches_do_not_show_in_findings
                findings_are_those_of_the_memory_store
                decisions_survive_later_drafts
                suppressions_archive_new_findings_only
                feedback_and_archive_keep_to_the_scope
                inserted_findings_take_no_drafts
                old_findings_expire
                pages_are_complete_and_stable
                tokens_of_other_queries_are_refused
                criteria_choose_by_columns_and_documents
                wildcards_are_those_of_the_documentation
                sort_by_a_field_of_the_document
                statistics_by_everything
                found_in_the_order_asked_for;
            documents:
                documents_are_kept_by_key
                changes_are_made_as_a_whole
                expectations_are_checked
                pages_of_documents_are_stable
                large_documents_are_refused
                control_entries_are_numbered
                contents_live_as_long_as_what_refers_to_them;
            snapshots:
                the_latest_snapshot_is_read
                only_changed_parts_are_written
                contents_of_old_snapshots_are_deleted
                an_unchanged_part_needs_one_before;
            random:
                answers_are_those_of_the_criteria;
            outbox:
                without_sinks_nothing_is_collected
                each_sink_has_its_own_cursor
                a_finding_waits_once
                what_is_suppressed_is_not_published;
        }
    };
}

pub(crate) use suite;
