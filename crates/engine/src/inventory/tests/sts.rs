//! Lineage of sessions.

use super::*;
use crate::inventory::{Lineage, Parent};

fn sts(name: &str, clock: &str, request: &str, key: &str) -> Record {
    let response = format!(
        r#"{{"credentials":{{"accessKeyId":"{key}","sessionToken":"redacted","expiration":"Jan 31, 2026, 4:19:32 PM"}},
        "assumedRoleUser":{{"assumedRoleId":"AROAEXAMPLE:s","arn":"arn:aws:sts::444455556666:assumed-role/web/s"}}}}"#
    );
    Record::new("sts", name, clock, request, &response)
}

const ROLE: &str = r#"{"roleArn":"arn:aws:iam::444455556666:role/web","roleSessionName":"s","durationSeconds":3600,"tags":[{"key":"a","value":"b"}]}"#;

#[test]
fn chains_lead_back_to_the_first_credential() {
    let first = sts("AssumeRole", "10:00:00", ROLE, "ASIAONE")
        .span(|call| &mut call.access_key_id, "AKIAUSER")
        .with(|call| call.source = ip("203.0.113.9"));
    let second = sts("AssumeRole", "11:00:00", ROLE, "ASIATWO")
        .span(|call| &mut call.access_key_id, "ASIAONE")
        .with(|call| call.caller = Caller::AssumedRole);
    let inventory = learnt(&[second, first]);
    let one = inventory.session("ASIAONE").unwrap();
    assert_eq!(one.parent, Parent::Key("AKIAUSER".into()));
    assert_eq!((one.account.number(), one.source), (444_455_556_666, ip("203.0.113.9")));
    assert_eq!((&*one.role, &*one.session_name), ("arn:aws:iam::444455556666:role/web", "s"));
    let chain: Vec<&str> =
        inventory.session_chain("ASIATWO").iter().map(|l| &*l.access_key).collect();
    assert_eq!(chain, ["ASIATWO", "ASIAONE"]);
    assert!(inventory.session("ASIATHREE").is_none());
}

#[test]
fn a_circle_of_forged_records_ends() {
    let one = sts("AssumeRole", "10:00:00", ROLE, "ASIAONE")
        .span(|call| &mut call.access_key_id, "ASIATWO");
    let two = sts("AssumeRole", "10:00:00", ROLE, "ASIATWO")
        .span(|call| &mut call.access_key_id, "ASIAONE");
    assert_eq!(learnt(&[one, two]).session_chain("ASIAONE").len(), 2);
}

#[test]
fn services_and_federated_users_are_parents() {
    let instance = sts("AssumeRole", "10:00:00", r#"{"roleArn":"arn:aws:iam::111122223333:role/web","roleSessionName":"i-0123456789abcdef0"}"#, "ASIAEC2")
        .span(|call| &mut call.invoked_by, "ec2.amazonaws.com")
        .with(|call| call.caller = Caller::AwsService);
    let saml = sts("AssumeRoleWithSAML", "10:00:00", ROLE, "ASIASAML")
        .span(|call| &mut call.user_name, "alice@example.com")
        .with(|call| call.caller = Caller::SamlUser);
    let inventory = learnt(&[instance, saml]);
    let ec2 = inventory.session("ASIAEC2").unwrap();
    assert_eq!(ec2.parent, Parent::Service("ec2.amazonaws.com".into()));
    assert_eq!(&*ec2.session_name, "i-0123456789abcdef0");
    let saml = inventory.session("ASIASAML").unwrap();
    assert_eq!(saml.parent, Parent::Federated("alice@example.com".into()));
}

#[test]
fn the_side_that_knows_the_caller_wins() {
    let caller = || {
        sts("AssumeRole", "10:00:00", ROLE, "ASIAONE")
            .span(|call| &mut call.access_key_id, "AKIAUSER")
    };
    let owner = || {
        sts("AssumeRole", "10:00:00", r#"{"roleArn":"arn:aws:iam::444455556666:role/web","roleSessionName":"s","sourceIdentity":"alice"}"#, "ASIAONE")
            .span(|call| &mut call.principal_id, "AIDAEXAMPLE")
            .with(|call| call.caller = Caller::AwsAccount)
    };
    for records in [[caller(), owner()], [owner(), caller()]] {
        let inventory = learnt(&records);
        let lineage = inventory.session("ASIAONE").unwrap();
        assert_eq!(lineage.parent, Parent::Key("AKIAUSER".into()));
        assert_eq!(&*lineage.source_identity, "alice");
    }
}

#[test]
fn other_kinds_of_session_are_read() {
    let response = r#"{"credentials":{"accessKeyId":"ASIAX","sessionToken":"redacted"}}"#;
    let token = Record::new("sts", "GetSessionToken", "10:00:00", "", response)
        .span(|call| &mut call.access_key_id, "AKIAUSER")
        .span(|call| &mut call.user_name, "alice");
    let inventory = learnt(&[token]);
    let lineage = inventory.session("ASIAX").unwrap();
    assert_eq!((&*lineage.session_name, lineage.account), ("alice", ACCOUNT));
    let root = Record::new(
        "sts",
        "AssumeRoot",
        "10:00:00",
        r#"{"targetPrincipal":"444455556666","taskPolicyArn":{"arn":"x"}}"#,
        response,
    );
    assert_eq!(learnt(&[root]).session("ASIAX").unwrap().account.number(), 444_455_556_666);
    let federated = Record::new(
        "sts",
        "GetFederationToken",
        "10:00:00",
        r#"{"name":"bob","policy":"{}"}"#,
        response,
    );
    assert_eq!(&*learnt(&[federated]).session("ASIAX").unwrap().session_name, "bob");
}

#[test]
fn sessions_are_forgotten_when_they_have_ended() {
    let mut inventory = learnt(&[sts("AssumeRole", "10:00:00", ROLE, "ASIAONE")]);
    let end = at("10:00:00").millis() + Lineage::RETENTION_MILLIS;
    inventory.expire(Timestamp::from_millis(end));
    assert!(inventory.session("ASIAONE").is_some());
    inventory.expire(Timestamp::from_millis(end + 1));
    assert!(inventory.session("ASIAONE").is_none());
}

#[test]
fn an_invitation_makes_no_member_but_a_handshake_does() {
    let handshake = r#"{"handshake":{"id":"h-1","state":"ACCEPTED","action":"INVITE","parties":[{"id":"exampleorg","type":"ORGANIZATION"},{"id":"444455556666","type":"ACCOUNT"}]}}"#;
    let member = AccountId::new(444_455_556_666).unwrap();
    let mut inventory = Inventory::default();
    Record::new("organizations", "InviteAccountToOrganization", "10:00:00", "{}", handshake)
        .teach(&mut inventory);
    assert!(!inventory.is_org_account(member));
    Record::new("organizations", "AcceptHandshake", "11:00:00", "{}", handshake)
        .teach(&mut inventory);
    assert!(inventory.is_org_account(member));
}
