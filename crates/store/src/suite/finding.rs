//! Cases of findings: merging, decisions, questions.

use std::time::Duration;

use findings::{RETENTION, canonical};
use model::{Region, Severity};
use serde_json::json;

use super::{MINUTE, START, account, all, commit, criteria, draft, fill, ids, list, owner, varied};
use crate::{
    Commit, CommitOutcome, Criteria, FindingQuery, FindingStore as _, GroupBy, GroupKey,
    MemoryStore, Scope, Sort, StatisticsQuery, Store, StoreError, Suppression,
};

pub(crate) fn drafts_are_merged(store: &dyn Store) {
    assert_eq!(store.mark().unwrap(), None);
    let first = commit(store, 0, vec![draft("i-1", START)]);
    let CommitOutcome::Committed { opened, updated, dropped: 0 } = first else { panic!() };
    assert_eq!((opened.len(), updated.len()), (1, 0));
    let mut high = draft("i-1", START + MINUTE);
    high.severity = Severity::HIGH;
    let second = commit(store, 1, vec![high]);
    let expected = CommitOutcome::Committed { opened: vec![], updated: opened.clone(), dropped: 0 };
    assert_eq!(second, expected);
    let found = store.get_findings(&Scope::all(), &opened).unwrap();
    let finding = &found[0];
    assert_eq!((finding.service.count, finding.severity), (2, Severity::HIGH));
    assert_eq!((finding.created_at, finding.updated_at), (START, START + MINUTE));
    assert_eq!(finding.service.event_first_seen, START);
    assert_eq!(finding.service.event_last_seen, START + MINUTE);
}

pub(crate) fn a_batch_is_committed_once(store: &dyn Store) {
    commit(store, 7, vec![draft("i-1", START)]);
    let before = all(store);
    for batch in [7, 3] {
        let outcome = commit(store, batch, vec![draft("i-2", START)]);
        assert_eq!(outcome, CommitOutcome::Ignored { mark: 7 });
    }
    assert_eq!(all(store), before);
    assert_eq!(store.mark().unwrap(), Some(7));
    commit(store, 8, vec![]);
    assert_eq!(store.mark().unwrap(), Some(8));
}

pub(crate) fn activity_after_retention_opens_a_generation(store: &dyn Store) {
    let late = START + RETENTION;
    commit(store, 0, vec![draft("i-1", START)]);
    commit(store, 1, vec![draft("i-1", late)]);
    assert_eq!(ids(store).len(), 1);
    commit(store, 2, vec![draft("i-1", late + RETENTION + Duration::from_millis(1))]);
    commit(store, 3, vec![draft("i-1", late + RETENTION + MINUTE)]);
    let counts: Vec<u64> = all(store).iter().map(|it| it.service.count).collect();
    assert_eq!(counts, [2, 2]);
}

pub(crate) fn batches_do_not_show_in_findings(store: &dyn Store) {
    fill(store, 100);
    let mut whole = MemoryStore::new();
    // Generations depend on what came before, so the order of time is kept.
    for n in 0..100 {
        whole.commit(n, vec![varied(n)], START);
    }
    let sorted = |mut it: Vec<_>| {
        it.sort_by_key(ToString::to_string);
        it
    };
    let found = sorted(all(store).iter().map(canonical).collect::<Vec<serde_json::Value>>());
    let expected = sorted(whole.findings().iter().map(|it| canonical(&it.finding)).collect());
    // Batches of seven sort their drafts by time before they merge, single ones do not: only findings
    // of one generation are the same for sure.
    let single = |it: &serde_json::Value| !has_generations(&whole, it);
    let (found, expected): (Vec<_>, Vec<_>) =
        (found.into_iter().filter(single).collect(), expected.into_iter().filter(single).collect());
    assert!(found.len() > 20);
    assert_eq!(found, expected);
}

/// Whether another finding differs only in generation.
fn has_generations(store: &MemoryStore, finding: &serde_json::Value) -> bool {
    let all = store.findings();
    let Some(this) = all.iter().find(|it| it.finding.id == finding["id"]) else { return true };
    let key = this.draft.aggregation_key();
    all.iter().filter(|it| it.draft.aggregation_key() == key).count() > 1
}

pub(crate) fn findings_are_those_of_the_memory_store(store: &dyn Store) {
    fill(store, 300);
    let mut memory = MemoryStore::new();
    for batch in 0..300_u64.div_ceil(7) {
        let drafts = (batch * 7..300.min(batch * 7 + 7)).map(varied).collect();
        memory.commit(batch, drafts, START + MINUTE * batch as u32);
    }
    let mut expected: Vec<_> = memory.findings().iter().map(|it| it.finding.clone()).collect();
    let mut found = all(store);
    expected.sort_by(|a, b| a.id.cmp(&b.id));
    found.sort_by(|a, b| a.id.cmp(&b.id));
    assert!(found.len() > 60, "{}", found.len());
    assert_eq!(found, expected);
}

pub(crate) fn decisions_survive_later_drafts(store: &dyn Store) {
    commit(store, 0, vec![draft("i-1", START)]);
    let (ids, scope) = (ids(store), Scope::of(owner(0)));
    assert_eq!(store.set_archived(&scope, &ids, true).unwrap(), 1);
    assert_eq!(store.set_feedback(&scope, &ids, "USEFUL").unwrap(), 1);
    assert_eq!(all(store)[0].updated_at, START);
    commit(store, 1, vec![draft("i-1", START + MINUTE)]);
    let service = &all(store)[0].service;
    assert_eq!((service.archived, service.count), (true, 2));
    assert_eq!(service.user_feedback.as_deref(), Some("USEFUL"));
    store.set_archived(&scope, &ids, false).unwrap();
    assert!(!all(store)[0].service.archived);
    let archived = criteria(json!({"service.archived": {"equals": ["true"]}}));
    assert!(list(store, &scope, &archived, &Sort::default()).is_empty());
}

pub(crate) fn suppressions_archive_new_findings_only(store: &dyn Store) {
    commit(store, 0, vec![draft("i-1", START)]);
    let suppressions = [
        Suppression {
            scope: Scope::of(owner(0)),
            criteria: criteria(json!({"type": {"matches": ["*/SSHBruteForce"]}})),
        },
        Suppression { scope: Scope::of(owner(2)), criteria: Criteria::default() },
    ];
    let mut other = draft("i-2", START);
    other.account = account(1);
    let drafts = vec![draft("i-1", START + MINUTE), draft("i-2", START), other];
    let commit = Commit { batch: 1, drafts, time: START, suppressions: &suppressions };
    store.commit(commit).unwrap();
    let archived = criteria(json!({"service.archived": {"equals": ["true"]}}));
    let found = list(store, &Scope::all(), &archived, &Sort::default());
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].account_id, found[0].service.count), (account(0), 1));
}

pub(crate) fn feedback_and_archive_keep_to_the_scope(store: &dyn Store) {
    commit(store, 0, vec![draft("i-1", START)]);
    let mut ids = ids(store);
    ids.push("unknown".into());
    ids.push(ids[0].clone());
    for scope in [Scope::of(owner(1)), Scope::accounts([account(0)], Region::new("us-east-1"))] {
        assert_eq!(store.set_archived(&scope, &ids, true).unwrap(), 0);
        assert_eq!(store.set_feedback(&scope, &ids, "USEFUL").unwrap(), 0);
        assert!(store.get_findings(&scope, &ids).unwrap().is_empty());
        assert!(store.draft_keys(&scope, &ids).unwrap().is_empty());
    }
    assert!(!all(store)[0].service.archived);
    assert_eq!(store.set_archived(&Scope::of(owner(0)), &ids, true).unwrap(), 1);
    let keys = store.draft_keys(&Scope::of(owner(0)), &ids).unwrap();
    assert_eq!(keys.into_iter().collect::<Vec<_>>(), [(ids[0].clone(), "i-1".to_owned())]);
}

pub(crate) fn inserted_findings_take_no_drafts(store: &dyn Store) {
    commit(store, 0, vec![draft("i-1", START)]);
    let mut sample = all(store).remove(0);
    sample.title = "[SAMPLE] a title".into();
    store.insert_findings(std::slice::from_ref(&sample)).unwrap();
    assert_eq!(all(store), [sample.clone()]);
    let sampled = [sample.id.clone()];
    assert!(store.draft_keys(&Scope::all(), &sampled).unwrap().is_empty(), "no draft is behind it");
    commit(store, 1, vec![draft("i-1", START + MINUTE)]);
    let found = all(store);
    assert_eq!(found.len(), 2);
    assert_eq!(found[1], sample);
}

pub(crate) fn old_findings_expire(store: &dyn Store) {
    commit(store, 0, vec![draft("i-1", START)]);
    commit(store, 10, vec![draft("i-2", START)]);
    let before = ids(store);
    let count = || -> Vec<u64> {
        let by = [GroupBy::Severity, GroupBy::Date].map(|group_by| StatisticsQuery {
            scope: Scope::all(),
            criteria: Criteria::default(),
            group_by,
            ascending: false,
            limit: 10,
        });
        by.iter().flat_map(|it| store.statistics(it).unwrap()).map(|it| it.total).collect()
    };
    assert_eq!(count(), [2, 2]);
    assert_eq!(store.expire(START + RETENTION).unwrap(), 0);
    assert_eq!(store.expire(START + RETENTION + MINUTE).unwrap(), 1);
    assert_eq!(ids(store), before[..1]);
    assert_eq!(count(), [1, 1]);
    commit(store, 11, vec![draft("i-1", START + MINUTE)]);
    let after = ids(store);
    assert_eq!(after.len(), 2);
    assert!(!before.contains(&after[0]));
}

pub(crate) fn pages_are_complete_and_stable(store: &dyn Store) {
    fill(store, 60);
    let scope = Scope::all();
    for field in ["updatedAt", "severity", "type", "id", "service.count", "title"] {
        for descending in [false, true] {
            let sort = Sort::by(field, descending).unwrap();
            let paged = list(store, &scope, &Criteria::default(), &sort);
            let query = FindingQuery { sort, limit: 1000, ..FindingQuery::default() };
            let whole = store.list_findings(&query).unwrap();
            assert_eq!(whole.next, None);
            let paged: Vec<String> = paged.into_iter().map(|it| it.id).collect();
            assert_eq!(paged, whole.items, "{field} {descending}");
        }
    }
    // What changed after the first page was read neither repeats nor hides what did not.
    let mut query = FindingQuery { limit: 5, ..FindingQuery::default() };
    let first = store.list_findings(&query).unwrap();
    commit(store, 1000, vec![draft("new", START)]);
    query.token = first.next;
    let second = store.list_findings(&query).unwrap();
    assert!(second.items.iter().all(|it| !first.items.contains(it)));
}

pub(crate) fn tokens_of_other_queries_are_refused(store: &dyn Store) {
    fill(store, 60);
    let mut query = FindingQuery { limit: 5, ..FindingQuery::default() };
    let token = store.list_findings(&query).unwrap().next;
    query.token.clone_from(&token);
    assert!(store.list_findings(&query).is_ok());
    query.scope = Scope::of(owner(0));
    assert!(matches!(store.list_findings(&query), Err(StoreError::BadToken)));
    for token in ["", "x", "bnVsbA", "W10", &"A".repeat(100_000)] {
        let query = FindingQuery { token: Some(token.into()), ..FindingQuery::default() };
        assert!(matches!(store.list_findings(&query), Err(StoreError::BadToken)), "{token}");
    }
}

/// How many of the findings of [`fill`] pass, which is told by the criteria alone.
#[expect(clippy::needless_pass_by_value, reason = "cases are written where they are checked")]
fn check_criteria(store: &dyn Store, criterion: serde_json::Value) {
    let criteria = criteria(criterion.clone());
    let expected: Vec<String> =
        all(store).into_iter().filter(|it| criteria.matches(it)).map(|it| it.id).collect();
    let found = list(store, &Scope::all(), &criteria, &Sort::default());
    let found: Vec<String> = found.into_iter().map(|it| it.id).collect();
    assert_eq!(found, expected, "{criterion}");
    assert!(!found.is_empty(), "{criterion}");
    assert!(found.len() < all(store).len(), "{criterion}");
}

pub(crate) fn criteria_choose_by_columns_and_documents(store: &dyn Store) {
    fill(store, 200);
    check_criteria(store, json!({"severity": {"gte": 7}}));
    check_criteria(store, json!({"severity": {"equals": ["3", "4.0", "5.5"]}}));
    check_criteria(store, json!({"type": {"matches": ["*:EC2/*", "Policy:S?/*"]}}));
    check_criteria(store, json!({"type": {"notMatches": ["*:EC2/*"]}}));
    check_criteria(store, json!({"accountId": {"neq": ["111122223333"]}}));
    check_criteria(store, json!({"resource.resourceType": {"eq": ["Instance"]}}));
    check_criteria(store, json!({"service.count": {"notEquals": ["2", "2.5"]}}));
    let later = (START + MINUTE * 10).millis();
    check_criteria(store, json!({"updatedAt": {"gt": later}}));
    check_criteria(store, json!({"resource.s3BucketDetails.name": {"matches": ["*-copy"]}}));
    check_criteria(store, json!({"service.additionalInfo.threatListName": {"eq": ["list-1"]}}));
    let ip = "service.action.networkConnectionAction.remoteIpDetails.ipAddressV4";
    check_criteria(store, json!({ip: {"eq": ["198.51.100.1"]}, "severity": {"lt": 9}}));
    check_criteria(store, json!({ip: {"neq": ["198.51.100.1"]}, "region": {"eq": ["us-east-1"]}}));
    let port = "service.action.networkConnectionAction.localPortDetails.port";
    check_criteria(store, json!({port: {"gte": 50, "lt": 150}}));
}

pub(crate) fn wildcards_are_those_of_the_documentation(store: &dyn Store) {
    fill(store, 60);
    for field in ["region", "type", "resource.resourceType", "id", "title"] {
        for pattern in ["[a-zA-Z0-9]*", "%", "_*", "\\*", "*\\", ""] {
            let condition = json!({"criterion": {field: {"matches": [pattern, "\u{0}"]}}});
            let Ok(criteria) = Criteria::parse(&condition) else {
                assert_eq!(pattern, "");
                continue;
            };
            let found = list(store, &Scope::all(), &criteria, &Sort::default());
            assert!(found.is_empty(), "{field} {pattern}");
        }
    }
}

pub(crate) fn sort_by_a_field_of_the_document(store: &dyn Store) {
    fill(store, 60);
    let path = "service.action.networkConnectionAction.localPortDetails.port";
    let port = |it: &findings::Finding| {
        let action = it.service.action.as_ref()?.network_connection_action.as_ref()?;
        Some(action.local_port_details.as_ref()?.port)
    };
    for descending in [false, true] {
        let sort = Sort::by(path, descending).unwrap();
        let found = list(store, &Scope::all(), &Criteria::default(), &sort);
        let ports: Vec<Option<u16>> = found.iter().map(port).collect();
        let mut expected: Vec<u16> = ports.iter().copied().flatten().collect();
        expected.sort_unstable();
        if descending {
            expected.reverse();
        }
        let missing = ports.len() - expected.len();
        let mut expected: Vec<Option<u16>> = expected.into_iter().map(Some).collect();
        expected.extend(vec![None; missing]);
        assert!(missing > 0);
        assert_eq!(ports, expected);
    }
}

pub(crate) fn statistics_by_everything(store: &dyn Store) {
    fill(store, 200);
    let with = criteria(json!({"type": {"matches": ["*:EC2/*"]}}));
    let cold = criteria(json!({"title": {"notMatches": ["title 0*"]}}));
    for criteria in [Criteria::default(), with, cold] {
        let found = list(store, &Scope::all(), &criteria, &Sort::default());
        for group_by in [
            GroupBy::Account,
            GroupBy::Date,
            GroupBy::FindingType,
            GroupBy::Resource,
            GroupBy::Severity,
        ] {
            let scope = Scope::all();
            let mut query = StatisticsQuery {
                scope,
                criteria: criteria.clone(),
                group_by,
                ascending: false,
                limit: 1000,
            };
            let mut tally = crate::statistics::Tally::new(group_by);
            for finding in &found {
                tally.add(finding);
            }
            let groups = store.statistics(&query).unwrap();
            assert_eq!(groups, query.settle(tally.groups()), "{group_by:?}");
            assert_eq!(groups.iter().map(|it| it.total).sum::<u64>(), found.len() as u64);
            query.limit = 2;
            assert_eq!(store.statistics(&query).unwrap(), groups[..groups.len().min(2)]);
        }
    }
    let query = StatisticsQuery {
        scope: Scope::of(owner(1)),
        criteria: Criteria::default(),
        group_by: GroupBy::Account,
        ascending: false,
        limit: 10,
    };
    let groups = store.statistics(&query).unwrap();
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0].key, GroupKey::Account(account(1)));
}

pub(crate) fn found_in_the_order_asked_for(store: &dyn Store) {
    fill(store, 60);
    let mut ids = ids(store);
    ids.sort();
    ids.insert(1, "unknown".into());
    let found = store.get_findings(&Scope::all(), &ids).unwrap();
    ids.remove(1);
    assert_eq!(found.into_iter().map(|it| it.id).collect::<Vec<_>>(), ids);
}
