//! The list of families becomes the settings tree and the registry.

/// Makes the tree of settings, its sections and the registry from the plain list of families.
macro_rules! families {
    ($($group:ident { $($family:ident: $detector:ident),* $(,)? })*) => {
        mod groups {
            $(
                #[doc = concat!("Settings of the group `", stringify!($group), "`.")]
                #[derive(Clone, PartialEq, Debug, Default, serde::Serialize, serde::Deserialize)]
                #[serde(default, deny_unknown_fields)]
                #[expect(non_camel_case_types, reason = "the group's name is the section's name")]
                pub struct $group {
                    $(
                        #[doc = concat!("Settings of `", stringify!($family), "`.")]
                        pub $family: crate::$group::$family::$detector,
                    )*
                }
            )*
        }

        /// The settings of every detector, by group and family.
        #[derive(Clone, PartialEq, Debug, Default, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Settings {
            $(
                #[doc = concat!("The group `", stringify!($group), "`.")]
                pub $group: groups::$group,
            )*
        }

        impl Settings {
            /// The sections of the configuration file with their texts.
            pub fn sections() -> Vec<crate::Section> {
                use crate::Documented;
                vec![$($(crate::Section {
                    name: concat!(stringify!($group), ".", stringify!($family)).to_owned(),
                    doc: crate::$group::$family::$detector::doc(),
                    fields: crate::$group::$family::$detector::fields(),
                },)*)*]
            }

            /// The source files of the families, as `group/file`.
            pub fn files() -> &'static [&'static str] {
                &[$($(concat!(stringify!($group), "/", stringify!($family)),)*)*]
            }
        }

        /// All families with these settings, ready for an engine.
        pub fn registry(settings: &Settings) -> engine::Registry {
            registry_of(&crate::rules::agreed(settings.clone()))
        }

        /// The same, but that every custom detection rule raises drafts: for an engine that is told, account by
        /// account, which of them count ([`engine::RuleModes`]).
        pub fn registry_offering_rules(settings: &Settings) -> engine::Registry {
            let mut settings = crate::rules::agreed(settings.clone());
            settings.rules.custom_detection = settings.rules.custom_detection.offering();
            registry_of(&settings)
        }

        fn registry_of(settings: &Settings) -> engine::Registry {
            let mut registry = engine::Registry::new();
            $($(registry.add(settings.$group.$family.clone());)*)*
            registry
        }
    };
}
