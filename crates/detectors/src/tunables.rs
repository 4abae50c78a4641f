//! Settings that document themselves.
//!
//! The fields of a detector's struct are its tunables. `tunables!` takes the struct once and makes of it
//! the type, its defaults and the texts that `guardpost config` and the reference print, so that none of
//! the three can differ.

/// A setting: its name, its default as TOML, and what it does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// Name in the configuration file.
    pub name: &'static str,
    /// What raising it does, its unit and where its default comes from.
    pub doc: String,
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

/// Joins the lines of a doc comment.
pub(crate) fn doc_text(lines: &[&str]) -> String {
    lines.iter().map(|it| it.strip_prefix(' ').unwrap_or(it)).collect::<Vec<_>>().join("\n")
}

/// Declares the settings of a detector: fields with their defaults.
macro_rules! tunables {
    ($(#[doc = $doc:literal])* pub struct $name:ident {
        $($(#[doc = $field_doc:literal])* pub $field:ident: $type:ty = $default:expr,)*
    }) => {
        $(#[doc = $doc])*
        #[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $($(#[doc = $field_doc])* pub $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                $name { $($field: $default,)* }
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
                }),*]
            }
        }
    };
}
