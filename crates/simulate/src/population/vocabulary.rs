//! What can be called: operations by service, what roles work with, and what intruders do.

/// A service: its name, the things that it has, and the first words of the names of its operations.
type Service = (&'static str, &'static [&'static str], &'static [&'static str]);

const FULL: &[&str] = &["Describe", "Create", "Delete", "Modify"];
const LISTED: &[&str] = &["List", "Get", "Create", "Delete", "Update"];
const PUT: &[&str] = &["List", "Get", "Put", "Delete"];

/// The services.
const SERVICES: &[Service] = &[
    (
        "ec2",
        &[
            "Instances",
            "Volumes",
            "Snapshots",
            "SecurityGroups",
            "Vpcs",
            "Subnets",
            "RouteTables",
            "Images",
            "NetworkInterfaces",
            "KeyPairs",
            "Addresses",
            "NatGateways",
            "LaunchTemplates",
            "Tags",
            "FlowLogs",
        ],
        FULL,
    ),
    (
        "iam",
        &[
            "Users",
            "Roles",
            "Policies",
            "Groups",
            "AccessKeys",
            "RolePolicies",
            "InstanceProfiles",
            "MFADevices",
            "LoginProfile",
        ],
        LISTED,
    ),
    (
        "s3",
        &[
            "Buckets",
            "BucketPolicy",
            "BucketAcl",
            "BucketLogging",
            "BucketVersioning",
            "BucketTagging",
            "BucketEncryption",
            "BucketLifecycle",
        ],
        PUT,
    ),
    (
        "rds",
        &["DBInstances", "DBClusters", "DBSnapshots", "DBParameterGroups", "EventSubscriptions"],
        FULL,
    ),
    (
        "lambda",
        &[
            "Functions",
            "FunctionConfiguration",
            "Aliases",
            "EventSourceMappings",
            "Layers",
            "Policy",
        ],
        LISTED,
    ),
    (
        "logs",
        &["LogGroups", "LogStreams", "MetricFilters", "QueryResults", "SubscriptionFilters"],
        FULL,
    ),
    (
        "monitoring",
        &["Alarms", "MetricData", "Dashboards", "MetricStatistics", "AnomalyDetectors"],
        PUT,
    ),
    (
        "cloudformation",
        &["Stacks", "StackEvents", "StackResources", "ChangeSet", "StackSets"],
        FULL,
    ),
    ("ecs", &["Clusters", "Services", "Tasks", "TaskDefinition", "ContainerInstances"], FULL),
    ("eks", &["Clusters", "Nodegroups", "Addons", "FargateProfiles"], FULL),
    ("ecr", &["Repositories", "Images", "LifecyclePolicy", "RepositoryPolicy"], FULL),
    (
        "ssm",
        &["Parameters", "Documents", "Commands", "InstanceInformation", "Sessions", "Inventory"],
        FULL,
    ),
    ("secretsmanager", &["Secrets", "SecretValue", "ResourcePolicy"], LISTED),
    ("kms", &["Keys", "Aliases", "KeyPolicy", "Grants"], LISTED),
    ("sqs", &["Queues", "QueueAttributes", "QueueUrl"], LISTED),
    ("sns", &["Topics", "Subscriptions", "TopicAttributes"], LISTED),
    ("dynamodb", &["Table", "Tables", "Backup", "GlobalTable", "TimeToLive"], FULL),
    ("route53", &["HostedZones", "ResourceRecordSets", "HealthChecks"], LISTED),
    (
        "elasticloadbalancing",
        &["LoadBalancers", "TargetGroups", "Listeners", "TargetHealth", "Rules"],
        FULL,
    ),
    (
        "autoscaling",
        &["AutoScalingGroups", "ScalingActivities", "LaunchConfigurations", "Policies"],
        FULL,
    ),
    ("glue", &["Tables", "Databases", "Jobs", "Crawlers", "JobRuns"], LISTED),
    ("athena", &["QueryExecution", "WorkGroups", "NamedQueries", "QueryResults"], LISTED),
    ("redshift", &["Clusters", "ClusterSnapshots", "ClusterParameters"], FULL),
    ("elasticache", &["CacheClusters", "ReplicationGroups", "CacheSubnetGroups"], FULL),
    (
        "cloudtrail",
        &["Trails", "TrailStatus", "EventSelectors", "Events"],
        &["Describe", "Get", "Lookup"],
    ),
    ("config", &["ConfigRules", "ComplianceByResource", "ConfigurationRecorders"], FULL),
    ("guardduty", &["Detectors", "Findings", "Members", "Filters"], LISTED),
    ("securityhub", &["Findings", "Insights", "Standards"], LISTED),
    (
        "organizations",
        &["Accounts", "Policies", "Roots", "OrganizationalUnits"],
        &["List", "Describe"],
    ),
    ("ce", &["CostAndUsage", "CostForecast", "ReservationUtilization", "Dimensions"], &["Get"]),
    ("support", &["Cases", "TrustedAdvisorChecks", "Services"], &["Describe", "Create"]),
    ("stepfunctions", &["StateMachines", "Executions", "Activities"], LISTED),
    ("events", &["Rules", "Targets", "EventBuses"], PUT),
    ("acm", &["Certificates", "Certificate"], &["List", "Describe", "Request"]),
    ("wafv2", &["WebACLs", "IPSets", "RuleGroups"], LISTED),
    ("sagemaker", &["NotebookInstances", "TrainingJobs", "Endpoints", "Models"], FULL),
];

/// An operation: service and name.
pub(super) type Operation = (&'static str, String);

/// All operations of a service.
pub(super) fn operations(service: &str) -> Vec<Operation> {
    let found = SERVICES.iter().filter(|it| it.0 == service);
    found
        .flat_map(|(name, things, words)| {
            things
                .iter()
                .flat_map(move |thing| words.iter().map(move |it| (*name, format!("{it}{thing}"))))
        })
        .collect()
}

/// All services.
pub(super) fn services() -> Vec<&'static str> {
    SERVICES.iter().map(|it| it.0).collect()
}

/// Whether an operation reads.
pub(super) fn is_read(name: &str) -> bool {
    ["Describe", "List", "Get", "Lookup", "Batch"].iter().any(|it| name.starts_with(it))
}

/// Whether a service has no Regions: its calls are recorded in us-east-1.
pub(super) fn is_global(service: &str) -> bool {
    matches!(service, "iam" | "organizations" | "route53" | "ce" | "support")
}

/// What people of a group work with, and how many of the group there are.
pub(super) const GROUPS: &[(&str, &[&str], u32)] = &[
    (
        "developers",
        &["lambda", "ecs", "ecr", "logs", "dynamodb", "sqs", "cloudformation", "s3"],
        36,
    ),
    (
        "operators",
        &[
            "ec2",
            "autoscaling",
            "elasticloadbalancing",
            "monitoring",
            "ssm",
            "rds",
            "route53",
            "eks",
        ],
        18,
    ),
    ("data", &["s3", "glue", "athena", "redshift", "sagemaker", "stepfunctions"], 18),
    (
        "security",
        &["iam", "cloudtrail", "config", "guardduty", "securityhub", "kms", "organizations"],
        7,
    ),
    ("finance", &["ce", "organizations", "support"], 7),
    (
        "admins",
        &["iam", "ec2", "organizations", "kms", "secretsmanager", "cloudformation", "acm", "wafv2"],
        6,
    ),
];

/// What intruders do, one after the other.
pub(super) const CHAINS: &[&[(&str, &str)]] = &[
    &[("sts", "GetCallerIdentity"), ("iam", "ListUsers"), ("iam", "CreateAccessKey")],
    &[("iam", "CreateUser"), ("iam", "CreateLoginProfile"), ("iam", "AttachUserPolicy")],
    &[
        ("iam", "GetAccountAuthorizationDetails"),
        ("iam", "ListAttachedUserPolicies"),
        ("iam", "ListUserPolicies"),
    ],
    &[
        ("secretsmanager", "ListSecrets"),
        ("secretsmanager", "GetSecretValue"),
        ("secretsmanager", "DescribeSecret"),
    ],
    &[("ssm", "DescribeParameters"), ("ssm", "GetParametersByPath"), ("ssm", "GetParameters")],
    &[
        ("cloudtrail", "DescribeTrails"),
        ("cloudtrail", "StopLogging"),
        ("cloudtrail", "DeleteTrail"),
    ],
    &[("ec2", "DescribeFlowLogs"), ("ec2", "DeleteFlowLogs")],
    &[
        ("guardduty", "ListDetectors"),
        ("guardduty", "UpdateDetector"),
        ("guardduty", "DeleteMembers"),
    ],
    &[("ec2", "DescribeSnapshots"), ("ec2", "CreateSnapshot"), ("ec2", "ModifySnapshotAttribute")],
    &[
        ("rds", "DescribeDBSnapshots"),
        ("rds", "CreateDBSnapshot"),
        ("rds", "ModifyDBSnapshotAttribute"),
    ],
    &[("ec2", "DescribeImages"), ("ec2", "ModifyImageAttribute")],
    &[("ec2", "DescribeInstances"), ("ec2", "GetPasswordData")],
    &[("ec2", "ImportKeyPair"), ("ec2", "AuthorizeSecurityGroupIngress"), ("ec2", "RunInstances")],
    &[("iam", "ListRoles"), ("iam", "UpdateAssumeRolePolicy"), ("sts", "AssumeRole")],
    &[("lambda", "ListFunctions"), ("lambda", "UpdateFunctionCode"), ("lambda", "AddPermission")],
    &[("ec2", "DescribeIamInstanceProfileAssociations"), ("ec2", "AssociateIamInstanceProfile")],
    &[("ec2", "StopInstances"), ("ec2", "ModifyInstanceAttribute"), ("ec2", "StartInstances")],
    &[("ses", "GetAccount"), ("ses", "ListIdentities"), ("ses", "GetSendQuota")],
    &[("organizations", "DescribeOrganization"), ("organizations", "LeaveOrganization")],
    &[("s3", "ListBuckets"), ("s3", "PutBucketPolicy"), ("s3", "PutBucketReplication")],
    &[("kms", "ListKeys"), ("kms", "ScheduleKeyDeletion"), ("kms", "PutKeyPolicy")],
    &[("ssm", "SendCommand"), ("ssm", "StartSession")],
    &[("iam", "CreateSAMLProvider"), ("iam", "CreateOpenIDConnectProvider")],
    &[
        ("bedrock", "ListFoundationModels"),
        ("servicequotas", "ListServiceQuotas"),
        ("bedrock", "PutUseCaseForModelAccess"),
    ],
];
