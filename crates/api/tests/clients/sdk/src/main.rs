//! Drives the life of a detector with the official Rust SDK, whose deserializers refuse what is not of the
//! model's type. Run by `cargo xtask check --clients`.
#![forbid(unsafe_code)]

use aws_sdk_guardduty::Client;
use aws_sdk_guardduty::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_guardduty::types::{
    Condition, DestinationProperties, DestinationType, DetectorFeature,
    DetectorFeatureConfiguration, DetectorStatus, FeatureStatus, Feedback, FilterAction,
    FindingCriteria, FindingPublishingFrequency, FindingStatisticType, GroupByType, IpSetFormat,
    IpSetStatus, OrderBy, SortCriteria, ThreatEntitySetFormat,
};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const ACCOUNT: &str = "111122223333";

#[tokio::main]
async fn main() -> Outcome {
    let client = client("AKIDADMIN")?;
    let detector = detectors(&client).await?;
    findings(&client, &detector).await?;
    settings(&client, &detector).await?;
    refusals(&client, &detector).await?;
    client.delete_detector().detector_id(&detector).send().await?;
    assert!(client.list_detectors().send().await?.detector_ids().is_empty());
    println!("the Rust SDK: ok");
    Ok(())
}

fn client(key: &str) -> Result<Client, Box<dyn std::error::Error>> {
    let config = aws_sdk_guardduty::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(std::env::var("AWS_ENDPOINT_URL_GUARDDUTY")?)
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new(key, "secret", None, None, "fixed"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Ok(Client::from_conf(config))
}

async fn detectors(client: &Client) -> Result<String, Box<dyn std::error::Error>> {
    let feature = DetectorFeatureConfiguration::builder()
        .name(DetectorFeature::EksAuditLogs)
        .status(FeatureStatus::Enabled);
    let made = client
        .create_detector()
        .enable(true)
        .finding_publishing_frequency(FindingPublishingFrequency::OneHour)
        .features(feature.build())
        .tags("team", "security")
        .send()
        .await?;
    let detector = made.detector_id().ok_or("no detector")?.to_owned();
    let found = client.get_detector().detector_id(&detector).send().await?;
    assert_eq!(found.status(), Some(&DetectorStatus::Enabled));
    assert!(found.features().iter().all(|it| it.updated_at().is_some() && it.name().is_some()));
    assert_eq!(found.features().len(), 12);
    Ok(detector)
}

async fn findings(client: &Client, detector: &str) -> Outcome {
    client.create_sample_findings().detector_id(detector).send().await?;
    let sort = SortCriteria::builder().attribute_name("severity").order_by(OrderBy::Desc).build();
    let mut pages = client
        .list_findings()
        .detector_id(detector)
        .sort_criteria(sort)
        .max_results(2)
        .into_paginator()
        .send();
    let mut ids = Vec::new();
    while let Some(page) = pages.next().await {
        ids.extend_from_slice(page?.finding_ids());
    }
    assert_eq!(ids.len(), 3);
    let get = client.get_findings().detector_id(detector).set_finding_ids(Some(ids.clone()));
    let read = get.send().await?;
    let severities: Vec<_> = read.findings().iter().filter_map(|it| it.severity()).collect();
    assert_eq!(severities, [8.0, 5.0, 2.0]);
    for finding in read.findings() {
        assert_eq!(finding.account_id(), Some(ACCOUNT));
        let service = finding.service().ok_or("no service")?;
        assert!(service.action().is_some() && finding.resource().is_some());
        assert!(service.additional_info().and_then(|it| it.value()).is_some());
    }
    let condition = Condition::builder().greater_than_or_equal(5).build();
    let criteria = FindingCriteria::builder().criterion("severity", condition).build();
    let severe = client.list_findings().detector_id(detector).finding_criteria(criteria);
    assert_eq!(severe.send().await?.finding_ids().len(), 2);
    client.archive_findings().detector_id(detector).finding_ids(&ids[0]).send().await?;
    client.unarchive_findings().detector_id(detector).finding_ids(&ids[0]).send().await?;
    client
        .update_findings_feedback()
        .detector_id(detector)
        .finding_ids(&ids[0])
        .feedback(Feedback::Useful)
        .send()
        .await?;
    #[expect(deprecated, reason = "clients of every age should work")]
    let counted = client
        .get_findings_statistics()
        .detector_id(detector)
        .finding_statistic_types(FindingStatisticType::CountBySeverity)
        .send()
        .await?;
    assert!(counted.finding_statistics().is_some());
    for group in [
        GroupByType::Account,
        GroupByType::Date,
        GroupByType::FindingType,
        GroupByType::Resource,
        GroupByType::Severity,
    ] {
        let counted =
            client.get_findings_statistics().detector_id(detector).group_by(group).send().await?;
        let counts = counted.finding_statistics().ok_or("no statistics")?;
        let totals = counts.grouped_by_account().len()
            + counts.grouped_by_date().len()
            + counts.grouped_by_finding_type().len()
            + counts.grouped_by_resource().len()
            + counts.grouped_by_severity().len();
        assert!(totals > 0);
    }
    Ok(())
}

async fn settings(client: &Client, detector: &str) -> Outcome {
    let condition = Condition::builder().equals("Recon:EC2/Portscan").build();
    let criteria = FindingCriteria::builder().criterion("type", condition).build();
    let filter = client.create_filter().detector_id(detector).name("scans");
    filter.finding_criteria(criteria).action(FilterAction::Archive).send().await?;
    let found = client.get_filter().detector_id(detector).filter_name("scans").send().await?;
    assert_eq!(found.action(), Some(&FilterAction::Archive));
    assert!(found.created_at().is_some());

    let location = "s3://bucket/list.txt";
    let set = client.create_ip_set().detector_id(detector).name("trusted").activate(true);
    let made = set.format(IpSetFormat::Txt).location(location).send().await?;
    let id = made.ip_set_id().ok_or("no set")?;
    let found = client.get_ip_set().detector_id(detector).ip_set_id(id).send().await?;
    assert_eq!(found.status(), Some(&IpSetStatus::Activating));
    let set = client.create_threat_entity_set().detector_id(detector).name("bad").activate(false);
    let made = set.format(ThreatEntitySetFormat::Txt).location(location).send().await?;
    let id = made.threat_entity_set_id().ok_or("no set")?;
    let get = client.get_threat_entity_set().detector_id(detector).threat_entity_set_id(id);
    assert!(get.send().await?.updated_at().is_some());

    let properties =
        DestinationProperties::builder().destination_arn("arn:aws:s3:::bucket").build();
    let made = client
        .create_publishing_destination()
        .detector_id(detector)
        .destination_type(DestinationType::S3)
        .destination_properties(properties)
        .send()
        .await?;
    let id = made.destination_id().ok_or("no destination")?;
    let get = client.describe_publishing_destination().detector_id(detector).destination_id(id);
    assert_eq!(get.send().await?.publishing_failure_start_timestamp(), Some(0));

    let arn = format!("arn:aws:guardduty:eu-central-1:{ACCOUNT}:detector/{detector}/filter/scans");
    client.tag_resource().resource_arn(&arn).tags("a", "1").tags("b", "2").send().await?;
    client.untag_resource().resource_arn(&arn).tag_keys("a").send().await?;
    let tags = client.list_tags_for_resource().resource_arn(&arn).send().await?;
    assert_eq!(tags.tags().map(|it| it.len()), Some(1));
    let administrator = client.get_administrator_account().detector_id(detector).send().await?;
    assert!(administrator.administrator().is_some_and(|it| it.account_id().is_none()));
    Ok(())
}

async fn refusals(admin: &Client, detector: &str) -> Outcome {
    let other = client("AKIDOTHER")?;
    let error = other.get_detector().detector_id(detector).send().await.err().ok_or("passed")?;
    let error = error.into_service_error();
    assert!(error.is_bad_request_exception(), "{error:?}");
    let message = error.meta().message().unwrap_or_default();
    assert!(message.ends_with("the input detectorId is not owned by the current account."));
    let reader = client("AKIDREADER")?;
    let denied =
        reader.delete_detector().detector_id(detector).send().await.err().ok_or("passed")?;
    let denied = denied.into_service_error();
    assert_eq!(denied.meta().code(), Some("AccessDeniedException"));
    let coverage = admin.list_coverage().detector_id(detector).send().await?;
    assert!(coverage.resources().is_empty());
    let missing = admin.get_malware_scan().scan_id("a").send().await.err().ok_or("passed")?;
    assert!(missing.into_service_error().is_resource_not_found_exception());
    let unserved = admin.get_malware_scan_settings().detector_id(detector).send().await.err();
    let unserved = unserved.ok_or("passed")?.into_service_error();
    assert!(unserved.is_bad_request_exception(), "{unserved:?}");
    Ok(())
}
