//! Features of a detector, in the order that GuardDuty lists them, and the deprecated data sources.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::epoch::Epoch;
use crate::error::Refusal;
use crate::wire::types::{
    CloudTrailConfigurationResult, DNSLogsConfigurationResult, DataSourceConfigurations,
    DataSourceConfigurationsResult, DataSourceStatus, DetectorAdditionalConfiguration,
    DetectorAdditionalConfigurationResult, DetectorFeatureConfigurationResult,
    DetectorFeatureResult as Name, EbsVolumesResult, FeatureAdditionalConfiguration as Additional,
    FeatureStatus, FlowLogsConfigurationResult, KubernetesAuditLogsConfigurationResult,
    KubernetesConfigurationResult, MalwareProtectionConfigurationResult, S3LogsConfigurationResult,
    ScanEc2InstanceWithFindingsResult,
};

/// A feature as it is stored and listed.
pub(crate) type Feature = DetectorFeatureConfigurationResult;

/// Every feature and whether a detector begins with it: those that need no agent and have families.
const ALL: [(Name, FeatureStatus); 12] = [
    (Name::CloudTrail, FeatureStatus::Enabled),
    (Name::DnsLogs, FeatureStatus::Enabled),
    (Name::FlowLogs, FeatureStatus::Enabled),
    (Name::S3DataEvents, FeatureStatus::Enabled),
    (Name::EksAuditLogs, FeatureStatus::Disabled),
    (Name::EbsMalwareProtection, FeatureStatus::Disabled),
    (Name::RdsLoginEvents, FeatureStatus::Disabled),
    (Name::EksRuntimeMonitoring, FeatureStatus::Disabled),
    (Name::LambdaNetworkLogs, FeatureStatus::Enabled),
    (Name::RuntimeMonitoring, FeatureStatus::Disabled),
    (Name::AiProtection, FeatureStatus::Enabled),
    (Name::AiAnalyst, FeatureStatus::Disabled),
];

/// A change of a feature, whichever request it came with.
pub(crate) struct Wanted {
    pub(crate) name: Name,
    pub(crate) status: Option<FeatureStatus>,
    pub(crate) additional: Vec<DetectorAdditionalConfiguration>,
}

/// The features of a new detector.
pub(crate) fn initial(now: Epoch) -> Vec<Feature> {
    let feature = |(name, status)| Feature {
        additional_configuration: additional(name, now),
        name: Some(name),
        status: Some(status),
        updated_at: Some(now),
        ..Feature::default()
    };
    ALL.into_iter().map(feature).collect()
}

fn additional(name: Name, now: Epoch) -> Option<Vec<DetectorAdditionalConfigurationResult>> {
    let names: &[Additional] = match name {
        Name::EksRuntimeMonitoring => &[Additional::EksAddonManagement],
        Name::RuntimeMonitoring => &[
            Additional::EksAddonManagement,
            Additional::EcsFargateAgentManagement,
            Additional::Ec2AgentManagement,
        ],
        Name::RdsLoginEvents => &[Additional::RdsDataRisk],
        _ => return None,
    };
    let disabled = |&name| DetectorAdditionalConfigurationResult {
        name: Some(name),
        status: Some(FeatureStatus::Disabled),
        updated_at: Some(now),
        ..DetectorAdditionalConfigurationResult::default()
    };
    Some(names.iter().map(disabled).collect())
}

/// Takes over what is wanted; what is the same already keeps its time.
pub(crate) fn change(
    features: &mut [Feature],
    wanted: Vec<Wanted>,
    now: Epoch,
) -> Result<(), Refusal> {
    for it in wanted {
        let feature = features.iter_mut().find(|feature| feature.name == Some(it.name));
        let feature = feature.ok_or_else(|| Refusal::parameter("features"))?;
        if it.status.is_some() && it.status != feature.status {
            (feature.status, feature.updated_at) = (it.status, Some(now));
        }
        for wanted in it.additional {
            let mut parts = feature.additional_configuration.iter_mut().flatten();
            let part = parts.find(|part| part.name == wanted.name);
            let part = part.ok_or_else(|| Refusal::parameter("features"))?;
            if wanted.status.is_some() && wanted.status != part.status {
                (part.status, part.updated_at) = (wanted.status, Some(now));
            }
        }
    }
    Ok(())
}

/// What `features` or the deprecated `dataSources` ask for; both at once contradict each other.
///
/// `F` is one of the request's feature types: all of them have the same members.
pub(crate) fn wanted<F: Serialize>(
    features: Option<Vec<F>>,
    data_sources: Option<DataSourceConfigurations>,
) -> Result<Vec<Wanted>, Refusal> {
    match (features, data_sources) {
        (Some(_), Some(_)) => {
            Err(Refusal::invalid("both dataSources and features are specified as input parameters"))
        }
        (Some(features), None) => features.into_iter().map(|it| read(&it)).collect(),
        (None, sources) => Ok(sources.map(of_sources).unwrap_or_default()),
    }
}

fn read<F: Serialize>(feature: &F) -> Result<Wanted, Refusal> {
    let feature: Feature = cast(feature)?;
    Ok(Wanted {
        name: feature.name.ok_or_else(|| Refusal::parameter("features"))?,
        status: feature.status,
        additional: cast(&feature.additional_configuration.unwrap_or_default())?,
    })
}

fn of_sources(sources: DataSourceConfigurations) -> Vec<Wanted> {
    let volumes = sources.malware_protection.and_then(|it| it.scan_ec2_instance_with_findings);
    let flags = [
        (Name::S3DataEvents, sources.s3_logs.map(|it| it.enable)),
        (Name::EksAuditLogs, sources.kubernetes.map(|it| it.audit_logs.enable)),
        (Name::EbsMalwareProtection, volumes.and_then(|it| it.ebs_volumes)),
    ];
    let status = |is_on| if is_on { FeatureStatus::Enabled } else { FeatureStatus::Disabled };
    let wanted = |(name, is_on): (Name, Option<bool>)| {
        Some(Wanted { name, status: Some(status(is_on?)), additional: Vec::new() })
    };
    flags.into_iter().filter_map(wanted).collect()
}

/// The deprecated form of features, which some clients still read.
pub(crate) fn data_sources(features: &[Feature]) -> DataSourceConfigurationsResult {
    let status = |name: Name| {
        let is_on = features
            .iter()
            .any(|it| it.name == Some(name) && it.status == Some(FeatureStatus::Enabled));
        if is_on { DataSourceStatus::Enabled } else { DataSourceStatus::Disabled }
    };
    let volumes =
        EbsVolumesResult { reason: None, status: Some(status(Name::EbsMalwareProtection)) };
    DataSourceConfigurationsResult {
        cloud_trail: CloudTrailConfigurationResult { status: status(Name::CloudTrail) },
        dns_logs: DNSLogsConfigurationResult { status: status(Name::DnsLogs) },
        flow_logs: FlowLogsConfigurationResult { status: status(Name::FlowLogs) },
        kubernetes: Some(KubernetesConfigurationResult {
            audit_logs: KubernetesAuditLogsConfigurationResult {
                status: status(Name::EksAuditLogs),
            },
        }),
        malware_protection: Some(MalwareProtectionConfigurationResult {
            scan_ec2_instance_with_findings: Some(ScanEc2InstanceWithFindingsResult {
                ebs_volumes: Some(volumes),
            }),
            service_role: None,
        }),
        s3_logs: S3LogsConfigurationResult { status: status(Name::S3DataEvents) },
    }
}

/// Carries a value over to a type of the wire with the same members.
pub(crate) fn cast<T: DeserializeOwned>(value: &impl Serialize) -> Result<T, Refusal> {
    let value = crate::context::to_value(value)?;
    serde_json::from_value(value).map_err(|_| Refusal::parameter("features"))
}
