//! One table per message instead of two hand-written halves that could disagree.

/// Implements `Serialize` and `Deserialize` for a message.
///
/// `field: Codec = "camelCase"` for each field; the original name is the field's own. A oneof names its slot, then each
/// case as `Case(Codec) = "camelCase" | "original_name"`. At most one case may stand there.
macro_rules! json_message {
    (
        $message:ty { $($field:ident: $codec:ty = $camel:literal),* $(,)? }
        $(oneof $slot:ident: $cases:path {
            $($case:ident($case_codec:ty) = $case_camel:literal | $case_original:literal),* $(,)?
        })?
    ) => {
        impl<'de> serde::Deserialize<'de> for $message {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;

                impl<'de> serde::de::Visitor<'de> for Fields {
                    type Value = $message;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        formatter.write_str(concat!("an object: ", stringify!($message)))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        const NAMES: $crate::json::names::Names = &[
                            $(($camel, stringify!($field)),)*
                            $($(($case_camel, $case_original),)*)?
                        ];
                        $(use $cases as Cases;)?
                        let mut message = <$message>::default();
                        let mut names = $crate::json::names::FieldNames::new(NAMES);
                        while let Some(name) = map.next_key_seed(&mut names)? {
                            match name {
                                $(Some($camel) => {
                                    if let Some(value) = map.next_value_seed($crate::json::codecs::nullable::<_, $codec>())? {
                                        message.$field = value;
                                    }
                                })*
                                $($(Some($case_camel) => {
                                    if let Some(value) = map.next_value_seed($crate::json::codecs::nullable::<_, $case_codec>())? {
                                        if message.$slot.replace(Cases::$case(value)).is_some() {
                                            const WHAT: &str = concat!("more than one case of `", stringify!($slot), "`");
                                            return Err(<A::Error as serde::de::Error>::custom(WHAT));
                                        }
                                    }
                                })*)?
                                _ => {
                                    map.next_value::<serde::de::IgnoredAny>()?;
                                }
                            }
                        }
                        Ok(message)
                    }
                }

                deserializer.deserialize_map(Fields)
            }
        }

        impl serde::Serialize for $message {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                $(use $cases as Cases;)?
                let mut map = serializer.serialize_map(None)?;
                $(if !<$codec as $crate::json::codecs::Codec<_>>::is_absent(&self.$field) {
                    map.serialize_entry($camel, &$crate::json::codecs::written::<_, $codec>(&self.$field))?;
                })*
                $(match &self.$slot {
                    $(Some(Cases::$case(value)) => {
                        map.serialize_entry($case_camel, &$crate::json::codecs::written::<_, $case_codec>(value))?;
                    })*
                    None => {}
                })?
                map.end()
            }
        }
    };
}
