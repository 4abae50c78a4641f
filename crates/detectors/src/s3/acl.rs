//! What an access control list lets the public do with its bucket.

use engine::inventory::AclGrant;

use super::exposure::{Ability, Audience, Grant};

/// What the grants to AWS's two groups of strangers allow
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions>).
pub(super) fn grants(list: &[AclGrant]) -> Vec<Grant> {
    let public = list.iter().filter_map(|it| {
        let audience = match it.grantee.rsplit('/').next() {
            Some("AllUsers") => Audience::Anonymous,
            Some("AuthenticatedUsers") => Audience::Authenticated,
            _ => return None,
        };
        let grant = move |ability| Grant { audience, ability, resource: String::new() };
        Some(abilities(&it.permission).iter().copied().map(grant))
    });
    public.flatten().collect()
}

fn abilities(permission: &str) -> &'static [Ability] {
    use Ability::{ChangePermissions, Delete, List, ReadPermissions, Write};
    match permission {
        "READ" => &[List],
        "WRITE" => &[Write, Delete],
        "READ_ACP" => &[ReadPermissions],
        "WRITE_ACP" => &[ChangePermissions],
        "FULL_CONTROL" => &[List, Write, Delete, ReadPermissions, ChangePermissions],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use engine::inventory::requested_acl;

    use super::*;

    fn audience(request: &str) -> Audience {
        let list = requested_acl(&serde_json::from_str(request).unwrap()).unwrap_or_default();
        grants(&list).iter().map(|it| it.audience).max().unwrap_or(Audience::Nobody)
    }

    #[test]
    fn grants_are_read_in_all_three_forms() {
        use Audience::{Anonymous, Authenticated, Nobody};
        for (request, expected) in [
            (r#"{"x-amz-acl":"public-read"}"#, Anonymous),
            (r#"{"x-amz-acl":["public-read-write"]}"#, Anonymous),
            (r#"{"x-amz-acl":["authenticated-read"]}"#, Authenticated),
            (r#"{"x-amz-acl":["private"]}"#, Nobody),
            (r#"{"x-amz-acl":"log-delivery-write"}"#, Nobody),
            (
                r#"{"x-amz-grant-read":"uri=\"http://acs.amazonaws.com/groups/global/AllUsers\""}"#,
                Anonymous,
            ),
            (
                r#"{"AccessControlPolicy":{"AccessControlList":{"Grant":[{"Grantee":{"xsi:type":"Group",
                    "URI":"http://acs.amazonaws.com/groups/global/AuthenticatedUsers"},
                    "Permission":"WRITE"}]}}}"#,
                Authenticated,
            ),
            (
                r#"{"AccessControlPolicy":{"AccessControlList":{"Grant":{"Grantee":{"xsi:type":"Group",
                    "URI":"http://acs.amazonaws.com/groups/s3/LogDelivery"},"Permission":"WRITE"}}}}"#,
                Nobody,
            ),
            (r#"{"AccessControlPolicy":7}"#, Nobody),
            ("7", Nobody),
        ] {
            assert_eq!(audience(request), expected, "{request}");
        }
    }
}
