//! Drafts, findings and a report for this crate's tests.

use model::{AccountId, Origin, Region, Severity, Timestamp};
use serde_json::{Map, json};

use crate::{
    AccessKeyDetails, Action, AwsApiCallAction, Commits, ConnectionDirection, Country, CoverageRow,
    Data, DnsRequestAction, Draft, EvidenceRecord, EvidenceRef, Explanation, Finding, FindingType,
    GeoLocation, InputFile, InputSummary, InstanceDetails, NetworkConnectionAction,
    NetworkInterface, Organization, PortDetails, Reason, RemoteIpDetails, Report, ReportFinding,
    Resource, ResourceRole, S3BucketDetail, SecurityGroup, Skipped, Tag, ThreatIntelligenceDetail,
};

const fn of_type(
    name: &'static str,
    severity: Severity,
    data: &'static [Data],
    techniques: &'static [&'static str],
    texts: [&'static str; 4],
) -> FindingType {
    let [title, about, response, false_positives] = texts;
    FindingType {
        name,
        severity,
        title,
        about,
        detection: "See the reference.",
        false_positives,
        response,
        techniques,
        data,
        aggregation: "the resource",
        is_own: false,
    }
}

/// A type that is raised from flows.
pub(crate) const SSH: &FindingType = &of_type(
    "UnauthorizedAccess:EC2/SSHBruteForce",
    Severity::LOW,
    &[Data::VpcFlow],
    &["T1110.001"],
    [
        "SSH brute force attack",
        "Many short SSH connections came from one address. Somebody is guessing passwords or trying stolen keys. One accepted login gives a shell on the instance.",
        "Look for accepted logins from this address in the authentication log of the instance. If there is one, isolate the instance. If not, close port 22 to the Internet: use Session Manager or a bastion.",
        "Configuration management, monitoring and backup that log in often from one address.",
    ],
);
const COMMAND: &FindingType = &of_type(
    "Backdoor:EC2/C&CActivity.B!DNS",
    Severity::HIGH,
    &[Data::ResolverQuery],
    &["T1071.004"],
    [
        "Query for a command and control domain",
        "The instance asked for a name that malware uses to receive orders. It is probably under somebody else's control.",
        "Isolate the instance with a closed security group, keep its disk for analysis, and look in the flow logs for connections to the addresses that the name resolved to.",
        "Malware research, and mail or web filters that resolve names from what they inspect.",
    ],
);
const MINING: &FindingType = &of_type(
    "CryptoCurrency:EC2/BitcoinTool.B!DNS",
    Severity::HIGH,
    &[Data::ResolverQuery],
    &["T1496"],
    [
        "Query for a mining pool",
        "The instance asked for the name of a cryptocurrency pool. Unless you mine, somebody uses your computing time, and what let them in lets others in.",
        "Check the load of the instance and what runs on it. Replace it from a known image and find out how the miner came in.",
        "Nodes and wallets that you run on purpose: add a suppression rule for them.",
    ],
);
const STOLEN: &FindingType = &of_type(
    "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS",
    Severity::HIGH,
    &[Data::CloudTrailManagement, Data::CloudTrailS3],
    &["T1552.005", "T1078.004"],
    [
        "Instance credentials used from outside AWS",
        "Credentials that were made for an instance's role were used from an address outside AWS. They leave an instance only if somebody takes them, mostly through the metadata service.",
        "Revoke the role's sessions (deny all with aws:TokenIssueTime), then list what the session did. Require IMDSv2 on the instance and look for a server-side request forgery.",
        "Traffic of the instance that leaves through your own data center: name its addresses in a trusted list.",
    ],
);
const BUCKET: &FindingType = &of_type(
    "Exfiltration:S3/MaliciousIPCaller",
    Severity::HIGH,
    &[Data::CloudTrailS3],
    &["T1530"],
    [
        "Objects read from a known malicious address",
        "An S3 API that reads data was called from an address that a threat list names.",
        "Find out who holds the credentials, disable them, and list the objects that were read.",
        "Shared exits of large networks that somebody else abused.",
    ],
);
const TOR: &FindingType = &of_type(
    "UnauthorizedAccess:EC2/TorClient",
    Severity::HIGH,
    &[Data::VpcFlow],
    &["T1090.003"],
    [
        "Connection to a Tor guard",
        "The instance connects to a relay of the Tor network. Servers seldom have a reason to hide whom they talk to; malware has.",
        "Find the process that connects. If nobody uses Tor on purpose, treat the instance as compromised.",
        "Research and privacy services that you run.",
    ],
);
const SEQUENCE: &FindingType = &of_type(
    "AttackSequence:IAM/CompromisedCredentials",
    Severity::CRITICAL,
    &[Data::CloudTrailManagement, Data::CloudTrailS3],
    &["T1078.004", "T1562.008", "T1530"],
    [
        "Sequence of actions with compromised credentials",
        "Several weak signs about one credential add up: it came from a stranger's network, made itself permanent, switched logging off and read data.",
        "Treat the credential as stolen: disable it, revoke its sessions, undo what it created, and restore logging before anything else.",
        "A penetration test or a migration by a new administrator. Both can tell you so.",
    ],
);
const SCAN: &FindingType = &of_type(
    "Recon:EC2/Portscan",
    Severity::MEDIUM,
    &[Data::VpcFlow],
    &["T1046"],
    [
        "Outbound port scan",
        "The instance tried many ports of a remote host in a short time. This is how intruders look for the next target.",
        "Find the process. If it is not a scanner of yours, isolate the instance.",
        "Vulnerability scanners, service discovery and monitoring.",
    ],
);
const PORT: &FindingType = &of_type(
    "Behavior:EC2/NetworkPortUnusual",
    Severity::MEDIUM,
    &[Data::VpcFlow],
    &["T1571"],
    [
        "Unusual remote port",
        "The instance talks to a remote port that it did not use before.",
        "Ask the owner whether the service is new. Look at the volume and the remote network.",
        "Deployments that add a service.",
    ],
);
const DROP: &FindingType = &of_type(
    "Trojan:EC2/DropPoint",
    Severity::MEDIUM,
    &[Data::VpcFlow],
    &["T1041"],
    [
        "Traffic to a drop point",
        "The instance talks to an address that is known to collect stolen data.",
        "Isolate the instance and find out what was sent: see the bytes in the flow logs.",
        "Addresses that changed hands since they were listed.",
    ],
);
const TRAIL: &FindingType = &of_type(
    "Stealth:IAMUser/CloudTrailLoggingDisabled",
    Severity::LOW,
    &[Data::CloudTrailManagement],
    &["T1562.008"],
    [
        "CloudTrail logging disabled",
        "A trail was stopped or deleted. What happens after that leaves no record there.",
        "Start the trail again and ask who stopped it.",
        "Trails that are replaced by an organization's trail.",
    ],
);
const ROOT: &FindingType = &of_type(
    "Policy:IAMUser/RootCredentialUsage",
    Severity::LOW,
    &[Data::CloudTrailManagement],
    &["T1078.004"],
    [
        "Use of root credentials",
        "An API was called with the root credentials of the account. They can do everything and cannot be limited.",
        "Make sure that it was the owner. Use roles for daily work and keep root behind a hardware key.",
        "The few tasks that only root can do.",
    ],
);

fn account() -> AccountId {
    AccountId::new(111_122_223_333).unwrap()
}

fn region() -> Region {
    Region::new("eu-central-1")
}

/// `minute` minutes after 2026-03-01T12:00:00Z.
fn time(minute: i64) -> Timestamp {
    let start = Timestamp::parse("2026-03-01T12:00:00Z").unwrap();
    Timestamp::from_millis(start.millis() + minute * 60_000)
}

/// A draft of one occurrence, `minute` minutes after 2026-03-01T12:00:00Z.
pub(crate) fn draft(finding_type: &'static FindingType, key: &str, minute: i64) -> Draft {
    let mut draft = Draft::new(finding_type, account(), region(), key, time(minute));
    draft.title = format!("198.51.100.7 performs SSH brute force attacks against {key}.");
    let offset = minute.unsigned_abs() * 100;
    draft
        .evidence
        .push(EvidenceRef { time: time(minute), origin: Origin { object: 1, len: 100, offset } });
    draft
}

/// A finding as a report shows it.
#[derive(Clone)]
pub(crate) struct Sample {
    pub(crate) finding: Finding,
    pub(crate) explanation: Explanation,
    finding_type: &'static FindingType,
}

impl Sample {
    fn new(draft: &Draft, evidence: Vec<EvidenceRecord>) -> Sample {
        let commits = Commits { first: time(1500), last: time(1501) };
        let mut finding = Finding::from_draft(draft, 0, commits);
        let explanation = Explanation { evidence, ..Explanation::from_draft(draft) };
        finding.set_explanation(&explanation);
        Sample { finding, explanation, finding_type: draft.finding_type }
    }

    pub(crate) fn report(&self) -> ReportFinding<'_> {
        let explanation = self.explanation.clone();
        ReportFinding { finding: &self.finding, explanation, finding_type: self.finding_type }
    }
}

/// Twelve findings of twelve types: one critical, five high, three medium, three low.
pub(crate) fn samples() -> Vec<Sample> {
    let mut samples = api_samples();
    samples.extend(network_samples());
    samples.extend(dns_samples());
    samples
}

#[derive(Clone, Copy)]
struct Texts<'a> {
    title: &'a str,
    description: &'a str,
}

fn filled(
    finding_type: &'static FindingType,
    key: &str,
    span: [i64; 2],
    count: u64,
    texts: Texts<'_>,
) -> Draft {
    let mut draft = draft(finding_type, key, span[0]);
    draft.last = time(span[1]);
    draft.count = count;
    draft.title = texts.title.to_owned();
    draft.description = texts.description.to_owned();
    draft
}

fn record(minute: i64, file: &str, offset: u64, text: &str) -> EvidenceRecord {
    let origin = Origin { object: 3, len: text.len() as u32, offset };
    EvidenceRecord::new(EvidenceRef { time: time(minute), origin }, file, text.as_bytes())
}

fn remote(address: &str, country: [&str; 2], network: [&str; 2]) -> RemoteIpDetails {
    RemoteIpDetails {
        ip_address_v4: Some(address.to_owned()),
        organization: Some(Organization {
            asn: network[0].to_owned(),
            asn_org: network[1].to_owned(),
            isp: network[1].to_owned(),
            org: network[1].to_owned(),
        }),
        country: Some(Country {
            country_code: Some(country[0].to_owned()),
            country_name: Some(country[1].to_owned()),
        }),
        geo_location: Some(GeoLocation { lat: 52.37, lon: 4.89 }),
        ..RemoteIpDetails::default()
    }
}

fn stranger() -> RemoteIpDetails {
    remote("203.0.113.58", ["NL", "Netherlands"], ["64500", "Example Hosting B.V."])
}

fn call(api: &str, service: &str) -> Action {
    Action::api_call(AwsApiCallAction {
        api: api.to_owned(),
        service_name: service.to_owned(),
        caller_type: "Remote IP".to_owned(),
        user_agent: Some("aws-cli/2.22.7 Python/3.12.6 Linux/6.8".to_owned()),
        remote_ip_details: Some(stranger()),
        ..AwsApiCallAction::default()
    })
}

fn key_of(id: &str, user: &str, kind: &str) -> Resource {
    Resource {
        resource_type: "AccessKey".to_owned(),
        access_key_details: Some(AccessKeyDetails {
            access_key_id: id.to_owned(),
            principal_id: "AROAEXAMPLE7GQ3:i-0a1b2c3d4e5f60718".to_owned(),
            user_name: user.to_owned(),
            user_type: kind.to_owned(),
        }),
        ..Resource::default()
    }
}

fn instance(id: &str, name: &str) -> Resource {
    Resource {
        resource_type: "Instance".to_owned(),
        instance_details: Some(InstanceDetails {
            availability_zone: Some("eu-central-1a".to_owned()),
            instance_id: Some(id.to_owned()),
            network_interfaces: vec![NetworkInterface {
                network_interface_id: Some("eni-0f1e2d3c4b5a69788".to_owned()),
                private_ip_address: Some("10.0.12.34".to_owned()),
                public_ip: Some("192.0.2.34".to_owned()),
                security_groups: vec![SecurityGroup {
                    group_id: "sg-0123456789abcdef0".to_owned(),
                    group_name: Some("web".to_owned()),
                }],
                subnet_id: Some("subnet-0a1b2c3d".to_owned()),
                vpc_id: Some("vpc-0a1b2c3d".to_owned()),
                ..NetworkInterface::default()
            }],
            tags: vec![Tag { key: "Name".to_owned(), value: name.to_owned() }],
            ..InstanceDetails::default()
        }),
        ..Resource::default()
    }
}

const TRAIL_FILE: &str = "AWSLogs/111122223333/CloudTrail/eu-central-1/2026/03/01/111122223333_CloudTrail_eu-central-1_20260301T1215Z_a1b2c3.json.gz";
const FLOW_FILE: &str = "AWSLogs/111122223333/vpcflowlogs/eu-central-1/2026/03/01/111122223333_vpcflowlogs_eu-central-1_fl-0a1b2c3d_20260301T1400Z_d4e5f6.log.gz";
const DNS_FILE: &str = "AWSLogs/111122223333/vpcdnsquerylogs/vpc-0a1b2c3d/2026/03/01/vpc-0a1b2c3d_vpcdnsquerylogs_111122223333_20260301T1300Z_0718.log.gz";

const CALL: &str = r#"{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE7GQ3:i-0a1b2c3d4e5f60718","arn":"arn:aws:sts::111122223333:assumed-role/web-app/i-0a1b2c3d4e5f60718","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE4T2K"},"eventTime":"2026-03-01T12:03:00Z","eventSource":"sts.amazonaws.com","eventName":"GetSessionToken","awsRegion":"eu-central-1","sourceIPAddress":"203.0.113.58","userAgent":"aws-cli/2.22.7","requestParameters":{"durationSeconds":3600},"responseElements":{"credentials":{"accessKeyId":"ASIAEXAMPLE9Q1Z","secretAccessKey":"wJalrXUtnFEMIEXAMPLEKEY","sessionToken":"IQoJb3JpZ2luX2VjEXAMPLETOKEN","expiration":"Mar 1, 2026, 1:03:00 PM"}},"eventID":"6d1a3f7e-0000-4000-8000-1a2b3c4d5e6f","readOnly":true}"#;

fn api_samples() -> Vec<Sample> {
    let mut stolen = filled(
        STOLEN,
        "ASIAEXAMPLE4T2K",
        [3, 174],
        41,
        Texts {
            title: "Credentials of instance i-0a1b2c3d4e5f60718 were used from 203.0.113.58.",
            description: "Credentials of the role web-app that were made for instance i-0a1b2c3d4e5f60718 were used from 203.0.113.58 in the Netherlands, which is not an address of AWS. GetCallerIdentity, ListBuckets and GetSessionToken were called first.",
        },
    );
    stolen.resource = key_of("ASIAEXAMPLE4T2K", "web-app", "AssumedRole");
    stolen.action = call("GetCallerIdentity", "sts.amazonaws.com");
    stolen.additional = Map::from_iter([(
        "apiCalls".to_owned(),
        json!([{"name": "GetCallerIdentity", "count": 12}]),
    )]);
    stolen.reasons = vec![
        Reason::new(
            "network of the caller",
            "AS64500 Example Hosting B.V.",
            "not AWS, not in a trusted list",
        ),
        Reason::new("instance of the session", "i-0a1b2c3d4e5f60718", "address 192.0.2.34"),
        Reason::new("calls from there", 41, "at least 1"),
    ];
    let evidence = vec![record(3, TRAIL_FILE, 18_342, CALL), record(9, TRAIL_FILE, 40_118, CALL)];

    let mut bucket = filled(
        BUCKET,
        "example-customer-exports",
        [168, 190],
        1204,
        Texts {
            title: "Objects of bucket example-customer-exports were read from 203.0.113.58.",
            description: "GetObject was called 1,204 times for objects of example-customer-exports from 203.0.113.58, which the list abuse-feed names.",
        },
    );
    bucket.resource = key_of("ASIAEXAMPLE4T2K", "web-app", "AssumedRole");
    bucket.resource.resource_type = "S3Bucket".to_owned();
    bucket.resource.s3_bucket_details = vec![S3BucketDetail {
        arn: "arn:aws:s3:::example-customer-exports".to_owned(),
        name: "example-customer-exports".to_owned(),
        bucket_type: "Destination".to_owned(),
        ..S3BucketDetail::default()
    }];
    bucket.action = call("GetObject", "s3.amazonaws.com");
    bucket.intel = vec![ThreatIntelligenceDetail {
        threat_list_name: "abuse-feed".to_owned(),
        threat_names: vec!["scanner".to_owned()],
        threat_file_sha256: None,
    }];
    bucket.reasons = vec![Reason::new("list that names the caller", "abuse-feed", "")];

    let mut sequence = filled(
        SEQUENCE,
        "ASIAEXAMPLE4T2K",
        [3, 212],
        7,
        Texts {
            title: "Credentials of web-app were taken and used to switch logging off and read data.",
            description: "Within 3 hours 29 minutes the session web-app/i-0a1b2c3d4e5f60718 was used from outside AWS, created the user deploy-2 with an access key, stopped the trail main and read 1,204 objects of example-customer-exports.",
        },
    );
    sequence.resource.resource_type = "AttackSequence".to_owned();
    sequence.reasons = vec![
        Reason::new(
            "tactics seen",
            "Initial Access, Persistence, Defense Evasion, Exfiltration",
            "2",
        ),
        Reason::new("signals", 7, 3),
        Reason::new("span of the signals", "3 h 29 min", "24 h"),
    ];

    let mut trail = filled(
        TRAIL,
        "web-app",
        [96, 96],
        1,
        Texts {
            title: "Trail main was stopped by web-app.",
            description: "StopLogging was called for arn:aws:cloudtrail:eu-central-1:111122223333:trail/main by web-app from 203.0.113.58.",
        },
    );
    trail.resource = key_of("ASIAEXAMPLE4T2K", "web-app", "AssumedRole");
    trail.action = call("StopLogging", "cloudtrail.amazonaws.com");
    let stop = record(96, TRAIL_FILE, 120_554, &CALL.replace("GetSessionToken", "StopLogging"));

    let mut root = filled(
        ROOT,
        "root",
        [-240, -235],
        3,
        Texts {
            title: "API DescribeAccountAttributes was called with root credentials.",
            description: "DescribeAccountAttributes and two more APIs were called with the root credentials of account 111122223333 from 198.51.100.20.",
        },
    );
    root.resource = key_of("AKIAEXAMPLE00", "root", "Root");
    root.action = call("DescribeAccountAttributes", "ec2.amazonaws.com");

    vec![
        Sample::new(&stolen, evidence),
        Sample::new(&bucket, Vec::new()),
        Sample::new(&sequence, Vec::new()),
        Sample::new(&trail, vec![stop]),
        Sample::new(&root, Vec::new()),
    ]
}

fn connection(
    direction: ConnectionDirection,
    local: u16,
    party: RemoteIpDetails,
    port: [&str; 2],
) -> Action {
    Action::network_connection(NetworkConnectionAction {
        connection_direction: direction,
        protocol: "TCP".to_owned(),
        local_port_details: Some(PortDetails { port: local, port_name: "Unknown".to_owned() }),
        remote_ip_details: Some(party),
        remote_port_details: Some(PortDetails {
            port: port[0].parse().unwrap(),
            port_name: port[1].to_owned(),
        }),
        ..NetworkConnectionAction::default()
    })
}

fn network_samples() -> Vec<Sample> {
    let guesser = || remote("198.51.100.7", ["BR", "Brazil"], ["64511", "Example Telecom"]);
    let mut ssh = filled(
        SSH,
        "i-0b2c3d4e5f6071829",
        [40, 131],
        318,
        Texts {
            title: "198.51.100.7 performs SSH brute force attacks against i-0b2c3d4e5f6071829.",
            description: "318 short SSH connections from 198.51.100.7 to i-0b2c3d4e5f6071829 (bastion) within 91 minutes.",
        },
    );
    ssh.resource = instance("i-0b2c3d4e5f6071829", "bastion");
    ssh.action = connection(ConnectionDirection::Inbound, 22, guesser(), ["51544", "Unknown"]);
    ssh.reasons = vec![
        Reason::new("short connections to port 22 in 10 minutes", 44, "attempts = 20"),
        Reason::new("median packets per connection", 14, "at most 30"),
    ];
    let line = "2 111122223333 eni-0f1e2d3c4b5a69788 198.51.100.7 10.0.12.34 51544 22 6 14 2210 1772368800 1772368842 ACCEPT OK";
    let evidence = (0..4).map(|it| record(40 + it, FLOW_FILE, 4_096 * it as u64, line)).collect();

    let mut tor = filled(
        TOR,
        "i-0a1b2c3d4e5f60718",
        [150, 205],
        22,
        Texts {
            title: "i-0a1b2c3d4e5f60718 connects to a Tor guard.",
            description: "i-0a1b2c3d4e5f60718 (web-1) connected 22 times to 198.51.100.99 port 9001, an entry of the Tor network.",
        },
    );
    tor.role = ResourceRole::Actor;
    tor.resource = instance("i-0a1b2c3d4e5f60718", "web-1");
    let guard = remote("198.51.100.99", ["DE", "Germany"], ["64496", "Example Net"]);
    tor.action = connection(ConnectionDirection::Outbound, 40_122, guard.clone(), ["9001", "Tor"]);
    tor.reasons = vec![Reason::new("list that names the remote address", "tor-guards", "")];

    let mut scan = filled(
        SCAN,
        "i-0a1b2c3d4e5f60718",
        [120, 133],
        2,
        Texts {
            title: "i-0a1b2c3d4e5f60718 scans ports of 198.51.100.44.",
            description: "i-0a1b2c3d4e5f60718 (web-1) tried 412 ports of 198.51.100.44 within 13 minutes; 3 answered.",
        },
    );
    scan.role = ResourceRole::Actor;
    scan.resource = instance("i-0a1b2c3d4e5f60718", "web-1");
    scan.action = connection(ConnectionDirection::Outbound, 40_001, guesser(), ["443", "HTTPS"]);
    scan.reasons = vec![Reason::new("distinct unanswered ports in 15 minutes", 409, "ports = 50")];

    let mut port = filled(
        PORT,
        "i-0c3d4e5f607182930",
        [20, 700],
        96,
        Texts {
            title: "i-0c3d4e5f607182930 talks to the unusual port 4444.",
            description: "i-0c3d4e5f607182930 (batch-7) sent 48.1 MB to 203.0.113.9 port 4444, which it did not use in the 14 days before.",
        },
    );
    port.role = ResourceRole::Actor;
    port.resource = instance("i-0c3d4e5f607182930", "batch-7");
    port.action =
        connection(ConnectionDirection::Outbound, 50_112, stranger(), ["4444", "Unknown"]);
    port.reasons = vec![Reason::new("days with this port", 0, "1 of 14")];

    let mut drop = filled(
        DROP,
        "i-0c3d4e5f607182930",
        [300, 1320],
        14,
        Texts {
            title: "i-0c3d4e5f607182930 sends data to a known drop point.",
            description: "i-0c3d4e5f607182930 (batch-7) sent 2.2 MB to 203.0.113.77, which the list drop-points names.",
        },
    );
    drop.role = ResourceRole::Actor;
    drop.resource = instance("i-0c3d4e5f607182930", "batch-7");
    drop.action = connection(ConnectionDirection::Outbound, 50_113, guard, ["443", "HTTPS"]);

    vec![
        Sample::new(&ssh, evidence),
        Sample::new(&tor, Vec::new()),
        Sample::new(&scan, Vec::new()),
        Sample::new(&port, Vec::new()),
        Sample::new(&drop, Vec::new()),
    ]
}

fn query(domain: &str, registered: &str) -> Action {
    Action::dns_request(DnsRequestAction {
        domain: domain.to_owned(),
        domain_with_suffix: Some(registered.to_owned()),
        protocol: "UDP".to_owned(),
        blocked: false,
        vpc_owner_account_id: None,
    })
}

fn dns_samples() -> Vec<Sample> {
    let mut command = filled(
        COMMAND,
        "i-0a1b2c3d4e5f60718",
        [61, 1290],
        288,
        Texts {
            title: "i-0a1b2c3d4e5f60718 asks for the command and control domain cdn-sync.example.com.",
            description: "i-0a1b2c3d4e5f60718 (web-1) asked 288 times for cdn-sync.example.com, which the list c2-domains names.",
        },
    );
    command.role = ResourceRole::Actor;
    command.resource = instance("i-0a1b2c3d4e5f60718", "web-1");
    command.action = query("cdn-sync.example.com", "example.com");
    command.intel = vec![ThreatIntelligenceDetail {
        threat_list_name: "c2-domains".to_owned(),
        threat_names: vec!["ExampleRAT".to_owned()],
        threat_file_sha256: None,
    }];
    command.reasons = vec![
        Reason::new("list that names the domain", "c2-domains (ExampleRAT)", ""),
        Reason::new("median time between queries", "256 s", "spread of at most 20 %"),
    ];
    let line = r#"{"version":"1.100000","account_id":"111122223333","region":"eu-central-1","vpc_id":"vpc-0a1b2c3d","query_timestamp":"2026-03-01T13:01:00Z","query_name":"cdn-sync.example.com.","query_type":"A","query_class":"IN","rcode":"NOERROR","answers":[{"Rdata":"203.0.113.201","Type":"A","Class":"IN"}],"srcaddr":"10.0.12.34","srcport":"51021","transport":"UDP","srcids":{"instance":"i-0a1b2c3d4e5f60718"}}"#;
    let evidence = vec![record(61, DNS_FILE, 77_104, line), record(65, DNS_FILE, 91_870, line)];

    let mut mining = filled(
        MINING,
        "i-0c3d4e5f607182930",
        [10, 1180],
        64,
        Texts {
            title: "i-0c3d4e5f607182930 asks for the mining pool pool.example.com.",
            description: "i-0c3d4e5f607182930 (batch-7) asked 64 times for pool.example.com.",
        },
    );
    mining.role = ResourceRole::Actor;
    mining.resource = instance("i-0c3d4e5f607182930", "batch-7");
    mining.action = query("pool.example.com", "example.com");

    vec![Sample::new(&command, evidence), Sample::new(&mining, Vec::new())]
}

/// A report of one scan with these findings.
pub(crate) fn report<'a>(findings: &'a [ReportFinding<'a>]) -> Report<'a> {
    let file = |name: &str, format: &str, numbers: [u64; 3], digit: &str| InputFile {
        name: name.to_owned(),
        format: format.to_owned(),
        bytes: numbers[0],
        records: numbers[1],
        skipped: numbers[2],
        sha256: digit.repeat(64),
    };
    let row = |it: &FindingType, is_seen: bool, note: &str| CoverageRow {
        finding_type: it.name.to_owned(),
        needed: it.data.to_vec(),
        is_seen,
        note: note.to_owned(),
    };
    Report {
        title: "Security findings of account 111122223333".to_owned(),
        generated_at: Some("2026-03-02 13:00 UTC".to_owned()),
        versions: vec!["guardpost 0.1.0".to_owned(), "country and network table of 2026-02-15".to_owned()],
        command: "guardpost scan ./AWSLogs --html guardpost-report.html".to_owned(),
        findings,
        inputs: InputSummary {
            files: vec![
                file(TRAIL_FILE, "CloudTrail", [1_482_113, 18_204, 0], "a"),
                file(FLOW_FILE, "VPC flow logs", [48_220_901, 2_406_118, 12], "b"),
                file(DNS_FILE, "Route 53 Resolver query logs", [9_114_020, 310_442, 1], "c"),
            ],
            records: 2_734_764,
            first: Some(time(-720)),
            last: Some(time(1440)),
            skipped: vec![
                Skipped { cause: "no data (NODATA, SKIPDATA)".to_owned(), count: 12, sample: "2 111122223333 eni-0f1e2d3c4b5a69788 - - - - - - - 1772368800 1772368842 - NODATA".to_owned() },
                Skipped { cause: "cut record".to_owned(), count: 1, sample: "{\"version\":\"1.100000\",\"account".to_owned() },
            ],
        },
        coverage: vec![
            row(SSH, true, ""),
            row(SCAN, true, ""),
            row(PORT, true, "Knows 1 of 14 days: usual ports are not settled yet."),
            row(COMMAND, true, ""),
            row(STOLEN, true, "Instances are known from the records only."),
            row(BUCKET, false, "S3 data events are not in the trail: switch them on for the buckets that matter."),
        ],
    }
}
