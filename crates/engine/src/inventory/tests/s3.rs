//! Buckets and their exposure.

use super::*;
use crate::inventory::BlockPublicAccess;

fn s3(name: &str, clock: &str, request: &str) -> Record {
    Record::new("s3", name, clock, request, "")
}

const PUBLIC: &str = r#"{"bucketName":"logs","Host":"logs.s3.amazonaws.com","policy":"","bucketPolicy":{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}]}}"#;

fn create(clock: &str) -> Record {
    s3(
        "CreateBucket",
        clock,
        r#"{"bucketName":"logs","Host":"s3.amazonaws.com","CreateBucketConfiguration":{"LocationConstraint":"eu-central-1","xmlns":"http://s3.amazonaws.com/doc/2006-03-01/"}}"#,
    )
}

fn permission(inventory: &Inventory, clock: &str) -> String {
    inventory.bucket_detail("logs", "aws", at(clock)).public_access.unwrap().effective_permission
}

#[test]
fn a_bucket_opens_and_closes_in_any_order_of_learning() {
    let records = vec![
        create("10:00:00"),
        s3(
            "DeleteBucketPublicAccessBlock",
            "10:30:00",
            r#"{"bucketName":"logs","publicAccessBlock":""}"#,
        ),
        s3("PutBucketPolicy", "11:00:00", PUBLIC),
        s3("DeleteBucketPolicy", "12:00:00", r#"{"bucketName":"logs"}"#),
        s3(
            "PutBucketAcl",
            "13:00:00",
            r#"{"bucketName":"logs","acl":[""],"AccessControlPolicy":{"xmlns":"x","Owner":{"ID":"abc"},"AccessControlList":{"Grant":{"Grantee":{"xsi:type":"Group","URI":"http://acs.amazonaws.com/groups/global/AllUsers"},"Permission":"WRITE"}}}}"#,
        ),
        s3(
            "PutBucketPublicAccessBlock",
            "14:00:00",
            r#"{"bucketName":"logs","PublicAccessBlockConfiguration":{"IgnorePublicAcls":"true","BlockPublicAcls":true,"RestrictPublicBuckets":false}}"#,
        ),
    ];
    in_both_orders(records, |inventory| {
        let fact = inventory.bucket("logs", at("10:10:00")).unwrap();
        assert_eq!((fact.account, fact.region.as_str()), (ACCOUNT, "eu-central-1"));
        assert_eq!(fact.block, Some(BlockPublicAccess::ALL));
        assert_eq!(fact.created, Some(at("10:00:00")));
        assert_eq!(permission(inventory, "10:40:00"), "NOT_PUBLIC");
        assert_eq!(permission(inventory, "11:30:00"), "PUBLIC");
        assert_eq!(permission(inventory, "12:30:00"), "NOT_PUBLIC");
        assert_eq!(permission(inventory, "13:30:00"), "PUBLIC");
        assert_eq!(permission(inventory, "14:30:00"), "NOT_PUBLIC");
        let detail = inventory.bucket_detail("logs", "aws", at("13:30:00"));
        let bucket =
            detail.public_access.unwrap().permission_configuration.bucket_level_permissions;
        assert_eq!(bucket["accessControlList"]["allowsPublicWriteAccess"], true);
        assert_eq!(bucket["accessControlList"]["allowsPublicReadAccess"], false);
        assert_eq!(detail.created_at, Some(at("10:00:00").secs() as f64));
    });
}

#[test]
fn the_block_of_an_account_covers_its_buckets() {
    let block = r#"{"accountId":"111122223333","PublicAccessBlockConfiguration":{"RestrictPublicBuckets":true,"BlockPublicPolicy":true,"BlockPublicAcls":true,"IgnorePublicAcls":true}}"#;
    let inventory = learnt(&[
        create("10:00:00"),
        s3("DeletePublicAccessBlock", "10:30:00", r#"{"bucketName":"logs"}"#),
        s3("PutBucketPolicy", "11:00:00", PUBLIC),
        s3("PutAccountPublicAccessBlock", "12:00:00", block),
        s3("DeleteAccountPublicAccessBlock", "13:00:00", r#"{"accountId":"111122223333"}"#),
    ]);
    assert_eq!(permission(&inventory, "11:30:00"), "PUBLIC");
    assert_eq!(permission(&inventory, "12:30:00"), "NOT_PUBLIC");
    assert_eq!(inventory.account_block(ACCOUNT, at("12:30:00")), Some(BlockPublicAccess::ALL));
    assert_eq!(permission(&inventory, "13:30:00"), "PUBLIC");
}

#[test]
fn a_bucket_made_again_after_deletion_is_fresh() {
    let inventory = learnt(&[
        create("10:00:00"),
        s3("PutBucketPolicy", "11:00:00", PUBLIC),
        s3("DeleteBucket", "12:00:00", r#"{"bucketName":"logs"}"#),
        create("13:00:00"),
    ]);
    assert!(inventory.bucket("logs", at("12:30:00")).unwrap().deleted);
    let fact = inventory.bucket("logs", at("13:30:00")).unwrap();
    assert_eq!((fact.deleted, fact.policy.as_deref()), (false, Some("")));
}

#[test]
fn a_bucket_made_again_while_it_exists_keeps_its_policy() {
    let inventory = learnt(&[
        create("10:00:00"),
        s3("PutBucketPolicy", "11:00:00", PUBLIC),
        create("13:00:00"),
    ]);
    let fact = inventory.bucket("logs", at("13:30:00")).unwrap();
    assert!(fact.policy.as_deref().unwrap().contains("GetObject"));
}

#[test]
fn canned_lists_headers_and_tags_are_read() {
    let tags = r#"{"bucketName":"logs","tagging":"","Tagging":{"TagSet":{"Tag":[{"Key":"b","Value":"2"},{"Key":"a","Value":"1"}]}}}"#;
    let inventory = learnt(&[
        create("10:00:00"),
        s3("PutBucketAcl", "11:00:00", r#"{"bucketName":"logs","x-amz-acl":["public-read"]}"#),
        s3("PutBucketTagging", "11:10:00", tags),
        s3(
            "PutBucketAcl",
            "12:00:00",
            r#"{"bucketName":"logs","x-amz-grant-write":"id=\"abc\", uri=\"http://acs.amazonaws.com/groups/global/AuthenticatedUsers\""}"#,
        ),
        s3("PutBucketAcl", "13:00:00", r#"{"bucketName":"logs","x-amz-acl":["private"]}"#),
    ]);
    let access = |clock| {
        let fact = inventory.bucket("logs", at(clock)).unwrap();
        crate::inventory::acl_access(fact.acl.as_deref().unwrap())
    };
    assert!(access("11:30:00").read && !access("11:30:00").write);
    assert!(access("12:30:00").write && !access("12:30:00").read);
    assert!(!access("13:30:00").read && !access("13:30:00").write);
    let tags = &inventory.bucket("logs", at("11:30:00")).unwrap().tags;
    assert_eq!(tags.iter().map(|tag| &*tag.key).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn an_unknown_bucket_still_has_its_name_in_a_finding() {
    let detail = Inventory::default().bucket_detail("logs", "aws", at("10:00:00"));
    assert_eq!((detail.arn.as_str(), detail.public_access), ("arn:aws:s3:::logs", None));
}
