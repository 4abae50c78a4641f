//! What the environment says: variables and the files of profiles, as AWS's own tools read them.
//!
//! <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Longest file of profiles, in bytes.
const FILE_MAX: u64 = 1 << 20;

/// Variables and profiles.
#[derive(Clone, Default)]
pub struct Settings {
    variables: BTreeMap<String, String>,
    profiles: BTreeMap<String, BTreeMap<String, String>>,
}

impl Settings {
    /// Those of the process and of its user's files.
    pub fn of_process() -> Settings {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, value)| {
                (name.starts_with("AWS_") || name == "HOME") && !value.is_empty()
            })
            .collect();
        let mut settings = Settings { variables, profiles: BTreeMap::new() };
        settings.read(&settings.file("AWS_CONFIG_FILE", "config"), true);
        // What both files say of a profile is taken from the credentials.
        settings.read(&settings.file("AWS_SHARED_CREDENTIALS_FILE", "credentials"), false);
        settings
    }

    /// These variables and nothing else.
    pub fn of(variables: &[(&str, &str)]) -> Settings {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Settings { variables: variables.iter().map(owned).collect(), profiles: BTreeMap::new() }
    }

    /// The Region that is asked where nobody names one.
    pub fn region(&self) -> Option<String> {
        self.variable("AWS_REGION")
            .or_else(|| self.variable("AWS_DEFAULT_REGION"))
            .or_else(|| self.of_profile("region"))
    }

    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).filter(|it| !it.is_empty()).cloned()
    }

    /// A setting of the profile in force.
    pub(crate) fn of_profile(&self, name: &str) -> Option<String> {
        self.profile(&self.profile_name())?.get(name).cloned()
    }

    pub(crate) fn profile_name(&self) -> String {
        let name = self.variable("AWS_PROFILE").or_else(|| self.variable("AWS_DEFAULT_PROFILE"));
        name.unwrap_or_else(|| "default".to_owned())
    }

    pub(crate) fn profile(&self, name: &str) -> Option<&BTreeMap<String, String>> {
        self.profiles.get(name)
    }

    fn file(&self, variable: &str, name: &str) -> PathBuf {
        self.variable(variable).map_or_else(
            || Path::new(&self.variable("HOME").unwrap_or_default()).join(".aws").join(name),
            PathBuf::from,
        )
    }

    /// Adds the profiles of a file; one that is not there has none.
    fn read(&mut self, path: &Path, is_config: bool) {
        let is_short = fs::metadata(path).is_ok_and(|it| it.is_file() && it.len() <= FILE_MAX);
        if let Some(text) = is_short.then(|| fs::read_to_string(path).ok()).flatten() {
            self.add(&text, is_config);
        }
    }

    /// Adds profiles. In the file `config` all but the default one are called `profile NAME`.
    pub(crate) fn add(&mut self, text: &str, is_config: bool) {
        let mut current: Option<String> = None;
        for line in text.lines() {
            // Indented lines are parts of settings that have parts; none of them is read.
            if line.starts_with([' ', '\t', '#', ';']) || line.trim().is_empty() {
                continue;
            }
            if let Some(section) = line.trim().strip_prefix('[') {
                let name = section.split(']').next().unwrap_or_default().trim();
                current = match name.strip_prefix("profile").map(|it| (it, it.trim())) {
                    Some((all, name)) if is_config && all.starts_with([' ', '\t']) => {
                        Some(name.to_owned())
                    }
                    _ if !is_config || name == "default" => Some(name.to_owned()),
                    _ => None,
                };
            } else if let (Some(profile), Some((name, value))) = (&current, line.split_once('=')) {
                let value = value.split(" #").next().unwrap_or_default().trim();
                let profile = self.profiles.entry(profile.clone()).or_default();
                profile.insert(name.trim().to_lowercase(), value.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_come_from_both_files() {
        let mut settings = Settings::of(&[("AWS_PROFILE", "logs")]);
        settings.add(
            "[default]\nregion = us-east-1\n[profile logs]\nregion=eu-west-1 # near\ns3 =\n  region = no\n\
             [sso-session x]\nregion = us-west-2\n[logs]\nregion = no",
            true,
        );
        settings.add("# keys\n[logs]\naws_access_key_id = AKIDEXAMPLE\n[profile]\na = b\n", false);
        assert_eq!(settings.region().as_deref(), Some("eu-west-1"));
        assert_eq!(settings.of_profile("aws_access_key_id").as_deref(), Some("AKIDEXAMPLE"));
        assert_eq!(settings.profile("default").unwrap()["region"], "us-east-1");
        assert_eq!(Settings::of(&[("AWS_DEFAULT_REGION", "a-1")]).region().as_deref(), Some("a-1"));
    }

    #[test]
    fn files_are_found_by_their_variables() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        fs::write(&path, "[default]\nregion = us-east-2\n").unwrap();
        let mut settings = Settings::of(&[("AWS_CONFIG_FILE", path.to_str().unwrap())]);
        settings.read(&settings.file("AWS_CONFIG_FILE", "config"), true);
        assert_eq!(settings.region().as_deref(), Some("us-east-2"));
    }
}
