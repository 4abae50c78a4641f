//! Event names with their weights: what an ordinary account calls, and how often.

use Shape::{
    AssumeRole, Console, Describe, Empty, Iam, Ingress, Kms, Lambda, Logs, Policy, RunInstances,
    S3Bucket, S3Object, Secret,
};

/// Form of `requestParameters` and `responseElements`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    Empty,
    S3Object,
    S3Bucket,
    AssumeRole,
    /// EC2 assumes the role of an instance for it.
    Delivery,
    Kms,
    Describe,
    RunInstances,
    Ingress,
    Iam,
    Policy,
    Lambda,
    Logs,
    Secret,
    Console,
}

/// An API call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// `eventSource` without `.amazonaws.com`.
    pub service: &'static str,
    /// `eventName`.
    pub name: &'static str,
    /// `readOnly`.
    pub is_read: bool,
    /// How often, relative to the others.
    pub weight: f64,
    /// Form of its parameters.
    pub shape: Shape,
}

/// A call that reads.
const fn read(service: &'static str, name: &'static str, weight: f64, shape: Shape) -> Call {
    Call { service, name, is_read: true, weight, shape }
}

/// A call that writes.
const fn write(service: &'static str, name: &'static str, weight: f64, shape: Shape) -> Call {
    Call { service, name, is_read: false, weight, shape }
}

/// Every call that occurs.
pub(crate) const CALLS: [Call; 62] = [
    read("s3", "GetObject", 240.0, S3Object),
    write("s3", "PutObject", 90.0, S3Object),
    read("s3", "HeadObject", 60.0, S3Object),
    write("s3", "DeleteObject", 10.0, S3Object),
    read("s3", "ListObjects", 25.0, S3Bucket),
    read("s3", "GetBucketAcl", 14.0, S3Bucket),
    read("s3", "GetBucketLocation", 9.0, S3Bucket),
    read("s3", "ListBuckets", 6.0, Empty),
    write("s3", "PutBucketPolicy", 0.3, Policy),
    write("s3", "PutBucketPublicAccessBlock", 0.1, S3Bucket),
    read("sts", "AssumeRole", 110.0, AssumeRole),
    read("sts", "GetCallerIdentity", 18.0, Empty),
    read("sts", "AssumeRoleWithWebIdentity", 9.0, AssumeRole),
    read("sts", "GetSessionToken", 0.5, Empty),
    read("kms", "Decrypt", 95.0, Kms),
    read("kms", "GenerateDataKey", 45.0, Kms),
    read("kms", "DescribeKey", 10.0, Kms),
    read("kms", "ListAliases", 2.0, Empty),
    write("kms", "DisableKey", 0.02, Kms),
    read("ec2", "DescribeInstances", 40.0, Describe),
    read("ec2", "DescribeNetworkInterfaces", 22.0, Describe),
    read("ec2", "DescribeSecurityGroups", 14.0, Describe),
    read("ec2", "DescribeVolumes", 10.0, Describe),
    read("ec2", "DescribeSubnets", 7.0, Describe),
    read("ec2", "DescribeSnapshots", 3.0, Describe),
    read("ec2", "DescribeRegions", 4.0, Empty),
    write("ec2", "RunInstances", 1.5, RunInstances),
    write("ec2", "TerminateInstances", 1.2, RunInstances),
    write("ec2", "CreateTags", 3.0, Describe),
    write("ec2", "AuthorizeSecurityGroupIngress", 0.3, Ingress),
    write("ec2", "CreateNetworkInterface", 4.0, RunInstances),
    write("ec2", "ModifySnapshotAttribute", 0.02, Describe),
    read("iam", "GetRole", 8.0, Iam),
    read("iam", "ListRoles", 3.0, Empty),
    read("iam", "GetUser", 2.0, Iam),
    read("iam", "ListUsers", 1.0, Empty),
    read("iam", "ListAttachedRolePolicies", 4.0, Iam),
    read("iam", "GetPolicyVersion", 3.0, Iam),
    write("iam", "CreateAccessKey", 0.05, Iam),
    write("iam", "CreateUser", 0.03, Iam),
    write("iam", "AttachUserPolicy", 0.03, Iam),
    write("iam", "PutRolePolicy", 0.1, Policy),
    read("iam", "GetAccountAuthorizationDetails", 0.05, Empty),
    write("iam", "UpdateLoginProfile", 0.02, Iam),
    write("lambda", "Invoke", 35.0, Lambda),
    read("lambda", "ListFunctions20150331", 2.0, Empty),
    write("lambda", "UpdateFunctionCode20150331v2", 0.3, Lambda),
    write("logs", "CreateLogStream", 32.0, Logs),
    read("logs", "DescribeLogGroups", 5.0, Empty),
    write("logs", "PutRetentionPolicy", 0.2, Logs),
    read("dynamodb", "DescribeTable", 12.0, Lambda),
    read("dynamodb", "GetItem", 18.0, Lambda),
    read("secretsmanager", "GetSecretValue", 9.0, Secret),
    write("ssm", "UpdateInstanceInformation", 14.0, Describe),
    read("ssm", "GetParameter", 7.0, Secret),
    read("ecr", "BatchGetImage", 8.0, Lambda),
    read("ecs", "DescribeTasks", 8.0, Lambda),
    read("rds", "DescribeDBInstances", 4.0, Describe),
    read("cloudtrail", "LookupEvents", 0.5, Empty),
    read("cloudtrail", "DescribeTrails", 1.0, Empty),
    write("monitoring", "PutMetricAlarm", 0.4, Logs),
    write("signin", "ConsoleLogin", 0.4, Console),
];
