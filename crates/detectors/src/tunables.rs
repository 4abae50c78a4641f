//! Settings that document themselves.
//!
//! The fields of a detector's struct are its tunables. `tunables!` takes the struct once and makes of it
//! the type, its defaults, the values that a number may have, and the texts that `guardpost config` and the
//! reference print, so that none of them can differ.

use std::ops::RangeInclusive;

/// Largest count that a setting may ask for.
const COUNT_MAX: i64 = 1_000_000_000;
/// Longest time that a setting may ask for, in days: a quarter, as long as findings stay open.
const DAYS_MAX: i64 = 90;

/// A setting: its name, what it does and, if it is a number, which values it may have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// Name in the configuration file.
    pub name: &'static str,
    /// What raising it does, its unit and where its default comes from.
    pub doc: String,
    /// Values that the setting may have if it is a number, or each of its elements if it is a list of them.
    pub range: RangeInclusive<i64>,
}

/// A section of the configuration file: one detector.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    /// Group and family, such as `ec2.port_scan`.
    pub name: String,
    /// What the section is about.
    pub doc: String,
    /// Its settings.
    pub fields: Vec<Field>,
}

/// A struct whose fields' texts are known at run time.
pub trait Documented {
    /// What the struct is about.
    fn doc() -> String;
    /// Its fields in order.
    fn fields() -> Vec<Field>;
}

/// The values that a setting may have where its declaration gives none: by what its name says it is. No
/// number may be 0, since a threshold, window or share of 0 would make everything fire or nothing.
pub(crate) fn default_range(name: &str) -> RangeInclusive<i64> {
    let unit = name.rsplit('_').next().unwrap_or(name);
    let most = match unit {
        "mille" => 1000,
        "percent" => 100,
        "secs" => DAYS_MAX * 86_400,
        "mins" => DAYS_MAX * 1440,
        "hours" => DAYS_MAX * 24,
        "days" => DAYS_MAX,
        "bytes" => 1 << 50,
        "port" | "ports" => 65_535,
        _ => COUNT_MAX,
    };
    1..=most
}

/// Joins the lines of a doc comment.
pub(crate) fn doc_text(lines: &[&str]) -> String {
    lines.iter().map(|it| it.strip_prefix(' ').unwrap_or(it)).collect::<Vec<_>>().join("\n")
}

/// Declares the settings of a detector: fields with their defaults and, where [`default_range`] does not fit,
/// the values that a number may have: `pub learn_days: u32 = 2 => 0..=14,`. After a semicolon comes what another
/// family's settings decide, see [`crate::registry`].
macro_rules! tunables {
    ($(#[doc = $doc:literal])* pub struct $name:ident {
        $($(#[doc = $field_doc:literal])* pub $field:ident: $type:ty = $default:expr $(=> $range:expr)?,)*
        $(; $(#[doc = $derived_doc:literal])* $derived:ident: $derived_type:ty,)?
    }) => {
        $(#[doc = $doc])*
        #[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $($(#[doc = $field_doc])* pub $field: $type,)*
            $($(#[doc = $derived_doc])* #[serde(skip)] pub(crate) $derived: $derived_type,)?
        }

        impl Default for $name {
            fn default() -> Self {
                $name {
                    $($field: $default,)*
                    $($derived: <$derived_type>::default(),)?
                }
            }
        }

        impl $crate::tunables::Documented for $name {
            fn doc() -> String {
                $crate::tunables::doc_text(&[$($doc),*])
            }
            fn fields() -> Vec<$crate::tunables::Field> {
                vec![$($crate::tunables::Field {
                    name: stringify!($field),
                    doc: $crate::tunables::doc_text(&[$($field_doc),*]),
                    range: tunables!(@range stringify!($field) $(, $range)?),
                }),*]
            }
        }
    };
    (@range $name:expr) => { $crate::tunables::default_range($name) };
    (@range $name:expr, $range:expr) => { $range };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_which_values_are_allowed() {
        let most = |name: &str| *default_range(name).end();
        assert_eq!(most("fail_per_mille"), 1000);
        assert_eq!(most("window_secs"), 7_776_000);
        assert_eq!((most("known_days"), most("ports")), (90, 65_535));
        assert_eq!(most("tries"), COUNT_MAX);
    }

    #[test]
    fn a_declaration_goes_first() {
        let fields =
            crate::iam::instance_credential_exfiltration::InstanceCredentialExfiltration::fields();
        let field = fields.into_iter().find(|it| it.name == "learn_days").unwrap();
        assert_eq!(field.range, 0..=14);
    }
}
