//! Random questions: a store answers as the criteria do, finding by finding.

use findings::Finding;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value, json};

use super::{START, account, all, fill, region};
use crate::statistics::Tally;
use crate::{Criteria, FindingQuery, GroupBy, Scope, Sort, StatisticsQuery, Store};

/// Fields with values that the findings of [`fill`] have, and some that they do not.
const TEXTS: &[(&str, &[&str])] = &[
    ("accountId", &["111122223333", "111122223334", "999999999999", "1111*", "*4"]),
    ("region", &["eu-central-1", "us-east-1", "eu-west-1", "*-?", "us*", "[eu]*", "%", "u_-*"]),
    (
        "type",
        &[
            "UnauthorizedAccess:EC2/SSHBruteForce",
            "Recon:EC2/PortProbeUnprotectedPort",
            "recon:EC2/PortProbeUnprotectedPort",
            "Recon:*",
            "*:S3/*",
            "*[E]*",
        ],
    ),
    ("resource.resourceType", &["Instance", "S3Bucket", "AccessKey", "*e*", "?????????"]),
    ("resource.instanceDetails.instanceId", &["resource-1", "resource-2", "resource-1*"]),
    ("resource.s3BucketDetails.name", &["resource-3", "resource-3-copy", "*-copy"]),
    ("resource.accessKeyDetails.userName", &["bob", "b?b"]),
    ("resource.accessKeyDetails.accessKeyId", &["resource-5", "resource-6", "resource-*"]),
    ("title", &["title 0 ü", "title 1 ü", "title ? ?", "TITLE*"]),
    (
        "service.action.networkConnectionAction.remoteIpDetails.ipAddressV4",
        &["198.51.100.0", "198.51.100.1", "198.51.100.*"],
    ),
    ("service.additionalInfo.threatListName", &["list-0", "list-1", "list-*"]),
    ("service.resourceRole", &["TARGET", "ACTOR"]),
];

const NUMBERS: &[(&str, &[i64])] = &[
    ("severity", &[0, 1, 3, 5, 7, 9, 10, 11]),
    ("service.count", &[1, 2, 5, 8, 1000]),
    ("service.action.networkConnectionAction.localPortDetails.port", &[0, 22, 100, 150, 65535]),
    ("service.additionalInfo.inBytes", &[0, 50, 100]),
];

const TIMES: &[&str] =
    &["createdAt", "updatedAt", "service.eventFirstSeen", "service.eventLastSeen"];

fn texts() -> impl Strategy<Value = (String, Value)> {
    const OPERATORS: &[&str] = &["equals", "neq", "matches", "notMatches"];
    let field = (0..TEXTS.len(), proptest::sample::select(OPERATORS));
    let field = field.prop_flat_map(|(field, operator)| {
        let values = proptest::sample::subsequence(TEXTS[field].1, 1..=2);
        (Just(field), Just(operator), values)
    });
    field.prop_map(|(field, operator, values)| {
        (TEXTS[field].0.to_owned(), json!({ operator: values }))
    })
}

fn numbers() -> impl Strategy<Value = (String, Value)> {
    const OPERATORS: &[&str] =
        &["gt", "gte", "lessThan", "lessThanOrEqual", "eq", "notEquals", "half"];
    let parts = (0..NUMBERS.len(), proptest::sample::select(OPERATORS), any::<u8>());
    parts.prop_map(|(field, operator, which)| {
        let (field, values) = NUMBERS[field];
        let value = values[usize::from(which) % values.len()];
        (field.to_owned(), condition(operator, value))
    })
}

fn times() -> impl Strategy<Value = (String, Value)> {
    const OPERATORS: &[&str] = &["greaterThan", "greaterThanOrEqual", "lt", "lte", "equals"];
    let parts = (0..TIMES.len(), proptest::sample::select(OPERATORS), 0..200_i64);
    parts.prop_map(|(field, operator, hours)| {
        // Commits are minutes apart, events hours.
        let step = if field < 2 { 60_000 / 4 } else { 24 * 3_600_000 };
        (TIMES[field].to_owned(), condition(operator, START.millis() + hours * step))
    })
}

fn condition(operator: &str, value: i64) -> Value {
    if operator == "half" {
        return json!({"equals": [format!("{value}.5"), format!("{value}.0")]});
    }
    if matches!(operator, "eq" | "equals" | "notEquals") {
        return json!({ operator: [value.to_string()] });
    }
    json!({ operator: value })
}

fn archived() -> impl Strategy<Value = (String, Value)> {
    let condition = |it: bool| json!({"equals": [it.to_string()]});
    any::<bool>().prop_map(move |it| ("service.archived".to_owned(), condition(it)))
}

fn some_criteria() -> impl Strategy<Value = Value> {
    let clause = prop_oneof![4 => texts(), 3 => numbers(), 2 => times(), 1 => archived()];
    proptest::collection::vec(clause, 0..4)
        .prop_map(|clauses| Value::Object(clauses.into_iter().collect::<Map<String, Value>>()))
}

fn some_sort() -> impl Strategy<Value = Sort> {
    let fields = TEXTS.iter().map(|it| it.0).chain(NUMBERS.iter().map(|it| it.0));
    let fields: Vec<&str> = fields.chain(TIMES.iter().copied()).chain(["id"]).collect();
    let parts = (proptest::sample::select(fields), any::<bool>());
    parts.prop_map(|(field, descending)| Sort::by(field, descending).unwrap())
}

fn some_scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        2 => Just(Scope::all()),
        1 => (0..4_u64).prop_map(|it| Scope::accounts([account(it)], region())),
        1 => Just(Scope { accounts: Some([account(0), account(2)].into()), region: None }),
        1 => Just(Scope { accounts: Some((0..200).map(account).collect()), region: None }),
        1 => Just(Scope { accounts: Some([].into()), region: None }),
    ]
}

fn some_group() -> impl Strategy<Value = GroupBy> {
    proptest::sample::select(vec![
        GroupBy::Account,
        GroupBy::Date,
        GroupBy::FindingType,
        GroupBy::Resource,
        GroupBy::Severity,
    ])
}

/// The pages of a query, one after the other.
fn pages(store: &dyn Store, mut query: FindingQuery) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let page = store.list_findings(&query).unwrap();
        assert!(page.items.len() == query.limit || page.next.is_none());
        ids.extend(page.items);
        query.token = page.next;
        if query.token.is_none() {
            return ids;
        }
    }
}

pub(crate) fn answers_are_those_of_the_criteria(store: &dyn Store) {
    fill(store, 150);
    let findings = all(store);
    let some: Vec<String> = findings.iter().step_by(3).map(|it| it.id.clone()).collect();
    store.set_archived(&Scope::all(), &some, true).unwrap();
    let findings = all(store);
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 200, failure_persistence: None, ..Config::default() },
        rng,
    );
    let question = (
        (some_scope(), some_criteria(), some_sort(), 1..50_usize),
        (some_group(), any::<bool>(), 1..6_usize),
    );
    runner
        .run(&question, |((scope, criterion, sort, limit), (group_by, ascending, groups))| {
            let criteria = Criteria::parse(&json!({ "criterion": criterion })).unwrap();
            let passes = |it: &&Finding| scope.contains(it) && criteria.matches(it);
            let expected: Vec<&Finding> = findings.iter().filter(passes).collect();
            let by_document = |it: &&Finding| {
                scope.contains(it)
                    && criteria.matches_document(&crate::criteria::FindingDocument::of(it))
            };
            prop_assert_eq!(&expected, &findings.iter().filter(by_document).collect::<Vec<_>>());
            let query = FindingQuery {
                scope: scope.clone(),
                criteria: criteria.clone(),
                sort: sort.clone(),
                limit,
                token: None,
            };
            let mut positions: Vec<_> = expected
                .iter()
                .map(|it| crate::query::Position { key: sort.key(it), id: it.id.clone() })
                .collect();
            positions.sort_by(|a, b| sort.cmp(a, b));
            let ids: Vec<String> = positions.into_iter().map(|it| it.id).collect();
            prop_assert_eq!(pages(store, query), ids);

            let mut tally = Tally::new(group_by);
            for finding in &expected {
                tally.add(finding);
            }
            let query = StatisticsQuery { scope, criteria, group_by, ascending, limit: groups };
            prop_assert_eq!(store.statistics(&query).unwrap(), query.settle(tally.groups()));
            Ok(())
        })
        .unwrap();
}
