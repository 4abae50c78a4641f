//! The class of a user agent: the program, without versions.

/// Classes by a word that their user agents hold, the first that fits.
const CLASSES: [(&str, &str); 22] = [
    ("kali", "Kali Linux"),
    ("parrot", "Parrot Linux"),
    ("pentoo", "Pentoo Linux"),
    ("pacu", "Pacu"),
    ("Terraform", "Terraform"),
    ("OpenTofu", "OpenTofu"),
    ("Pulumi", "Pulumi"),
    ("Ansible", "Ansible"),
    ("aws-cdk", "AWS CDK"),
    ("aws-cli", "aws-cli"),
    ("Boto3", "Boto3"),
    ("Botocore", "Botocore"),
    ("aws-sdk-go", "aws-sdk-go"),
    ("aws-sdk-java", "aws-sdk-java"),
    ("aws-sdk-js", "aws-sdk-js"),
    ("aws-sdk-nodejs", "aws-sdk-js"),
    ("aws-sdk-rust", "aws-sdk-rust"),
    ("aws-sdk-dotnet", "aws-sdk-dotnet"),
    ("aws-sdk-php", "aws-sdk-php"),
    ("PowerShell", "AWS Tools for PowerShell"),
    ("console", "AWS console"),
    ("Mozilla", "browser"),
];

/// The class of a user agent as findings show it (`userAgentCategory`).
pub(crate) fn class(user_agent: &str) -> &'static str {
    if user_agent.ends_with(".amazonaws.com") || user_agent == "AWS Internal" {
        return if user_agent.starts_with("console") { "AWS console" } else { "AWS Service" };
    }
    let found = CLASSES.iter().find(|(word, _)| user_agent.contains(word));
    found.map_or("OTHER", |(_, class)| class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_do_not_matter() {
        for (text, expected) in [
            ("aws-cli/2.15.30 md/awscrt#0.19.19 lang/python#3.11.8", "aws-cli"),
            ("aws-cli/2.23.6 md/distrib#kali.2025", "Kali Linux"),
            ("Boto3/1.34 Botocore/1.34 Python/3.9", "Boto3"),
            ("APN/1.0 HashiCorp/1.0 Terraform/1.5 aws-sdk-go-v2/1.2", "Terraform"),
            ("ec2.amazonaws.com", "AWS Service"),
            ("console.amazonaws.com", "AWS console"),
            ("Mozilla/5.0 (X11; Linux)", "browser"),
            ("curl/8.0", "OTHER"),
        ] {
            assert_eq!(class(text), expected, "{text}");
        }
    }
}
