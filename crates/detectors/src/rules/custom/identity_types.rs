//! The finding types of custom detection rules about IAM, IAM Roles Anywhere and sign-ins to the console.

use engine::findings::FindingType;

use super::types::BASE;

/// A console sign-in without MFA.
pub(super) const IAM_VALID_ACCOUNTS: FindingType = FindingType {
    name: "InitialAccess:IAM/ValidAccounts",
    title: "A console sign-in without MFA",
    about: "An IAM user or root signed in to the console with a password alone. Whoever guesses, phishes \
        or finds the password can do the same.",
    detection: "Rule ConsoleLoginWithoutMFA: a successful ConsoleLogin of an IAM user or root whose \
        record says MFAUsed No. Federated users count not: their identity provider asks for MFA. Off \
        unless the rule is named in the setting `rules`.",
    false_positives: "Users who have no MFA yet. It is a gap, not an attack, when address and browser are \
        those of the user.",
    response: "Ask the user whether they signed in. Register MFA for the user, and deny everything \
        without MFA by policy. If the sign-in is not theirs, change the password and end the sessions.",
    techniques: &["T1078.004"],
    ..BASE
};

/// A way to come back was made in IAM.
pub(super) const IAM_ACCOUNT_MANIPULATION: FindingType = FindingType {
    name: "Persistence:IAM/AccountManipulation",
    title: "A way to come back was made in IAM",
    about: "An access key or console password was made or changed, or a role was opened to others. \
        Intruders do this to keep access when the credential that they came with is gone.",
    detection: "Rules IAMAccessKeyCreated (Low): a successful CreateAccessKey. IAMRoleTrustPolicyModified \
        (Medium): a successful UpdateAssumeRolePolicy after which everyone, a principal outside of the \
        organization or the role itself may assume the role. IAMUserLoginProfileCreated (High): \
        CreateLoginProfile. IAMUserLoginProfileUpdated (Medium): UpdateLoginProfile. Off unless the rule \
        is named in the setting `rules`.",
    false_positives: "Keys and passwords are rotated, users are set up, vendors get roles. Benign when \
        the caller is who maintains users, or rotates their own key, at the usual time.",
    response: "Ask the caller and the user concerned. If they cannot explain it, delete the key or \
        password or restore the trust policy, look at what was done with it, and disable the caller's \
        credential.",
    techniques: &["T1098.001", "T1098"],
    ..BASE
};

/// A trust anchor of IAM Roles Anywhere was created.
pub(super) const ROLES_ANYWHERE: FindingType = FindingType {
    name: "Persistence:RolesAnywhere/AccountManipulation",
    title: "A trust anchor of IAM Roles Anywhere was created",
    about: "The account trusts another certificate authority: whoever has a certificate of it can get \
        credentials of roles from outside of AWS, for years and without a key in IAM.",
    detection: "Rule RolesAnywhereTrustAnchorCreated: a successful CreateTrustAnchor. Off unless the rule \
        is named in the setting `rules`.",
    false_positives: "Teams that run workloads outside of AWS set this up once. Benign when the authority \
        is your own and the owner knows.",
    response: "Look at the anchor's certificate and at the profiles and roles that trust it. If it is not \
        yours, disable and delete it, revoke the roles' sessions, and disable the caller's credential.",
    techniques: &["T1098.001"],
    ..BASE
};

/// Rights were added to a user or role.
pub(super) const IAM_ESCALATION: FindingType = FindingType {
    name: "PrivilegeEscalation:IAM/AccountManipulation",
    title: "Rights were added to a user or role",
    about: "A managed policy that gives much was attached to a user or role, or a key for models was \
        made. Intruders raise the rights of what they control.",
    detection: "Rules AdminPolicyAttachedToRole and AdminPolicyAttachedToUser (High): AdministratorAccess \
        or IAMFullAccess was attached. SESFullAccessPolicyAttachedToRole and \
        SESFullAccessPolicyAttachedToUser (Medium): AmazonSESFullAccess was attached. \
        BedrockServiceCredentialCreated (Medium): a CreateServiceSpecificCredential for Bedrock. \
        Successful calls count. Off unless the rule is named in the setting `rules`.",
    false_positives: "Administrators set up roles and users. Benign when the caller is the usual \
        deployment role or an administrator, and a change ticket names the user or role.",
    response: "Detach the policy or delete the credential. Look at what the user or role did since, and \
        ask the caller; if they cannot explain it, disable their credential.",
    techniques: &["T1098.001", "T1098.003"],
    ..BASE
};
