//! Members that are read whatever their type is, so that one odd member does not lose its record.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use sonic_rs::LazyValue;

/// A text member. Borrowed unless it holds escapes; numbers and truth values are taken as text, null, arrays
/// and objects as empty.
///
/// serde's `Cow` allocates for every member, hence this type.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    #[inline]
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(if value { "true" } else { "false" })))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }

    fn visit_unit<E: Error>(self) -> Result<Text<'de>, E> {
        Ok(Text::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Text<'de>, A::Error> {
        while access.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Text<'de>, A::Error> {
        while access.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text::default())
    }
}

impl<'de> Deserialize<'de> for Text<'de> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

/// The name of a member. Names with escapes are none of ours and come as empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Key<'a>(pub(crate) &'a str);

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    #[inline]
    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(name))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Key<'de>, E> {
        Ok(Key(""))
    }
}

impl<'de> Deserialize<'de> for Key<'de> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(KeyVisitor)
    }
}

/// A truth value, also written as text; absent when it is something else.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Flag(pub(crate) Option<bool>);

impl Flag {
    /// Reads the text.
    pub(crate) fn of(text: &str) -> Flag {
        Flag(match text {
            "true" | "True" => Some(true),
            "false" | "False" => Some(false),
            _ => None,
        })
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Flag::of(Text::deserialize(deserializer)?.as_str()))
    }
}

/// A member's value as JSON text; empty when it is null.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Raw<'a>(pub(crate) Cow<'a, str>);

impl<'a> Raw<'a> {
    /// The text, borrowed where the record is.
    pub(crate) fn into_text(self) -> Cow<'a, str> {
        self.0
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Raw<'de> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = LazyValue::deserialize(deserializer)?.as_raw_cow();
        Ok(if text == "null" { Raw::default() } else { Raw(text) })
    }
}

/// Implements [`Deserialize`] for a struct of members: whatever stands in their place, the record is not
/// lost; a value that is no object leaves the default.
macro_rules! lenient_members {
    ($name:ident, $access:ident, $out:ident, { $($key:pat => $read:expr,)* }) => {
        lenient_members!($name, $access, $out, {
            $($key => $read,)*
        } else _other => {
            $access.next_value::<serde::de::IgnoredAny>()?;
        });
    };
    ($name:ident, $access:ident, $out:ident, { $($key:pat => $read:expr,)* } else $other:ident => $rest:block) => {
        impl<'de> serde::Deserialize<'de> for $name<'de> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Members<'de>(std::marker::PhantomData<&'de ()>);
                impl<'de> serde::de::Visitor<'de> for Members<'de> {
                    type Value = $name<'de>;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("any value")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut $access: A) -> Result<$name<'de>, A::Error> {
                        let mut $out = $name::default();
                        while let Some($crate::json::Key(key)) = $access.next_key::<$crate::json::Key<'de>>()? {
                            match key {
                                $($key => $read,)*
                                $other => $rest,
                            }
                        }
                        Ok($out)
                    }

                    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut access: A) -> Result<$name<'de>, A::Error> {
                        while access.next_element::<serde::de::IgnoredAny>()?.is_some() {}
                        Ok($name::default())
                    }

                    fn visit_unit<E: serde::de::Error>(self) -> Result<$name<'de>, E> { Ok($name::default()) }
                    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<$name<'de>, E> { Ok($name::default()) }
                    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<$name<'de>, E> { Ok($name::default()) }
                    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<$name<'de>, E> { Ok($name::default()) }
                    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<$name<'de>, E> { Ok($name::default()) }
                    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<$name<'de>, E> { Ok($name::default()) }
                }
                deserializer.deserialize_any(Members(std::marker::PhantomData))
            }
        }
    };
}

pub(crate) use lenient_members;
