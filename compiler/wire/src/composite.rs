//! Lists, maps and records on the wire: compact JSON whose leaves are encoded texts. Nothing late is pasted into it:
//! a composite with late parts is an array, the JSON with placeholders first and then the parts.

use crate::text::{ABSENT, Reserved, encode, placeholder};

/// A value to write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Composite {
    /// The text of a constant scalar, not yet encoded.
    Text(String),
    /// A reference (`$(params.alpha)`) or a joined text: on the wire already, and passed beside the JSON.
    Late(String),
    /// The absent optional.
    Absent,
    /// A list.
    List(Vec<Composite>),
    /// A record or a map: keys in declared order.
    Record(Vec<(String, Composite)>),
}

/// A composite as the value of a Tekton parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Encoded {
    /// Known when built: one string.
    One(String),
    /// With late parts: an array of strings.
    Many(Vec<String>),
}

/// Why a composite cannot be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CompositeError {
    /// A text holds a reserved character.
    Reserved(Reserved),
    /// There are more late parts than placeholders.
    TooManyLate(usize),
}

impl From<Reserved> for CompositeError {
    fn from(found: Reserved) -> Self {
        Self::Reserved(found)
    }
}

impl Composite {
    /// The value of the parameter.
    ///
    /// # Errors
    /// A text holds a reserved character, or there are too many late parts.
    pub fn write(&self) -> Result<Encoded, CompositeError> {
        let mut writer = Writer { json: String::new(), late: Vec::new() };
        writer.value(self)?;
        if writer.late.is_empty() {
            return Ok(Encoded::One(writer.json));
        }
        let mut all = vec![writer.json];
        all.extend(writer.late);
        Ok(Encoded::Many(all))
    }

    /// How many late parts there are.
    #[must_use]
    pub fn late_parts(&self) -> usize {
        match self {
            Self::Late(_) => 1,
            Self::Text(_) | Self::Absent => 0,
            Self::List(items) => items.iter().map(Self::late_parts).sum(),
            Self::Record(fields) => fields.iter().map(|(_, value)| value.late_parts()).sum(),
        }
    }
}

struct Writer {
    json: String,
    late: Vec<String>,
}

impl Writer {
    fn value(&mut self, value: &Composite) -> Result<(), CompositeError> {
        match value {
            Composite::Text(text) => self.string(&encode(text)?),
            Composite::Absent => self.string(ABSENT.encode_utf8(&mut [0; 4])),
            Composite::Late(reference) => {
                let index = self.late.len();
                let c = placeholder(index).ok_or(CompositeError::TooManyLate(index + 1))?;
                self.late.push(reference.clone());
                self.string(c.encode_utf8(&mut [0; 4]));
            }
            Composite::List(items) => self.list(items)?,
            Composite::Record(fields) => self.record(fields)?,
        }
        Ok(())
    }

    /// An encoded text has no character that JSON escapes.
    fn string(&mut self, encoded: &str) {
        self.json.push('"');
        self.json.push_str(encoded);
        self.json.push('"');
    }

    fn list(&mut self, items: &[Composite]) -> Result<(), CompositeError> {
        self.json.push('[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.json.push(',');
            }
            self.value(item)?;
        }
        self.json.push(']');
        Ok(())
    }

    fn record(&mut self, fields: &[(String, Composite)]) -> Result<(), CompositeError> {
        self.json.push('{');
        for (at, (key, value)) in fields.iter().enumerate() {
            if at > 0 {
                self.json.push(',');
            }
            self.string(&encode(key)?);
            self.json.push(':');
            self.value(value)?;
        }
        self.json.push('}');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Composite {
        Composite::Text(text.to_owned())
    }

    #[test]
    fn constants_are_one_string_and_late_leaves_stand_beside() {
        let constant =
            Composite::Record(vec![("url".into(), text("https://a")), ("revision".into(), text("main"))]);
        assert_eq!(constant.write(), Ok(Encoded::One(r#"{"url":"https://a","revision":"main"}"#.into())));
        let late = Composite::Record(vec![
            ("alpha".into(), Composite::Late("$(params.alpha)".into())),
            ("hostile".into(), text("\"$(params.x)\\")),
            ("none".into(), Composite::Absent),
            ("l1".into(), Composite::List(vec![Composite::Late("$(params.l1)".into())])),
        ]);
        assert_eq!(
            late.write(),
            Ok(Encoded::Many(vec![
                "{\"alpha\":\"\u{F0081}\",\"hostile\":\"\u{F0022}\u{F0024}(params.x)\u{F005C}\",\
                 \"none\":\"\u{F0080}\",\"l1\":[\"\u{F0082}\"]}"
                    .into(),
                "$(params.alpha)".into(),
                "$(params.l1)".into(),
            ]))
        );
    }

    #[test]
    fn more_late_parts_than_placeholders_are_refused() {
        let leaf = Composite::Late("$(params.a)".into());
        assert!(Composite::List(vec![leaf.clone(); 127]).write().is_ok());
        assert_eq!(Composite::List(vec![leaf; 128]).write(), Err(CompositeError::TooManyLate(128)));
    }
}
