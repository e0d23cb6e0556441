//! The arguments of a verb. Values arrive as single arguments, so that nothing in them is ever parsed:
//! `--in=alpha=0.5`. A composite follows its name: the JSON, then as many arguments as the JSON has placeholders.

use std::ffi::OsString;

use fuse_wire::text::{MAX_PLACEHOLDERS, placeholder};

use crate::failure::Failure;

/// An option as it was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flag {
    /// Its name, without the dashes.
    pub name: String,
    /// What follows the first `=`.
    pub value: String,
}

/// The arguments of a verb, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Args {
    /// Options but `--composite`, `--outs` and `--call`.
    pub flags: Vec<Flag>,
    /// Composites: the name, then the JSON and its late leaves.
    pub composites: Vec<(String, Vec<String>)>,
    /// The calls of a pod, each with the arguments behind its name.
    pub calls: Vec<(String, Self)>,
    /// What the pods of a matrix gave, by the name that it has here.
    pub outs: Vec<(String, Vec<String>)>,
}

impl Args {
    /// Reads arguments; `known` are the names of the verb's options.
    ///
    /// # Errors
    /// An argument is no option of the verb, is not UTF-8, or a composite lacks parts.
    pub fn read(words: Vec<OsString>, known: &[&str]) -> Result<Self, Failure> {
        let mut words = words
            .into_iter()
            .map(|word| {
                word.into_string()
                    .map_err(|word| Failure::new(format!("the argument {word:?} is not valid UTF-8")))
            })
            .peekable();
        // What stands before the first call belongs to the pod.
        let (mut pod, mut calls): (Self, Vec<(String, Self)>) = Default::default();
        while let Some(word) = words.next() {
            let word = word?;
            let Some((name, value)) = word.strip_prefix("--").and_then(|rest| rest.split_once('=')) else {
                return Err(Failure::new(format!("`{}` is no option", shortened(&word))));
            };
            if !known.contains(&name) {
                return Err(Failure::new(format!("there is no option `--{}`", shortened(name))));
            }
            if name == "call" {
                if calls.iter().any(|(known, _)| known == value) {
                    return Err(Failure::new(format!("`--call={}` is given twice", shortened(value))));
                }
                calls.push((value.to_owned(), Self::default()));
                continue;
            }
            let args = calls.last_mut().map_or(&mut pod, |(_, call)| call);
            if name == "composite" {
                let parts = composite(value, &mut words)?;
                args.composites.push((value.to_owned(), parts));
            } else if name == "outs" {
                // Each is JSON of this program, so that none of them is an option.
                let mut outs = Vec::new();
                while let Some(Ok(out)) =
                    words.next_if(|word| matches!(word, Ok(word) if word.starts_with('{')))
                {
                    outs.push(out);
                }
                args.outs.push((value.to_owned(), outs));
            } else {
                args.flags.push(Flag { name: name.to_owned(), value: value.to_owned() });
            }
        }
        Ok(Self { calls, ..pod })
    }

    /// The value of an option that is given at most once.
    ///
    /// # Errors
    /// It is given twice.
    pub fn one(&self, name: &str) -> Result<Option<&str>, Failure> {
        let mut all = self.all(name);
        let first = all.next();
        if all.next().is_some() {
            return Err(Failure::new(format!("`--{name}` is given twice")));
        }
        Ok(first)
    }

    /// The value of an option that must be given once.
    ///
    /// # Errors
    /// It is missing or given twice.
    pub fn needed(&self, name: &str) -> Result<&str, Failure> {
        self.one(name)?.ok_or_else(|| Failure::new(format!("`--{name}=…` is missing")))
    }

    /// The values of an option, in order.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let name = name.to_owned();
        self.flags.iter().filter(move |flag| flag.name == name).map(|flag| flag.value.as_str())
    }

    /// The values `NAME=VALUE` of an option, taken apart.
    ///
    /// # Errors
    /// A value has no `=`, or a name is given twice.
    pub fn pairs(&self, name: &str) -> Result<Vec<(&str, &str)>, Failure> {
        let mut all: Vec<(&str, &str)> = Vec::new();
        for value in self.all(name) {
            let Some((key, value)) = value.split_once('=') else {
                return Err(Failure::new(format!("`--{name}={}` has no value", shortened(value))));
            };
            if all.iter().any(|(known, _)| *known == key) {
                return Err(Failure::new(format!("`--{name}={key}=…` is given twice")));
            }
            all.push((key, value));
        }
        Ok(all)
    }

    /// Refuses to work with a compiler of another wire version.
    ///
    /// # Errors
    /// `--wire` is missing or another version.
    pub fn wire(&self) -> Result<(), Failure> {
        let found = self.needed("wire")?;
        if found == fuse_wire::WIRE_VERSION.to_string() {
            return Ok(());
        }
        Err(Failure::new(format!(
            "the manifests were written for wire version {}, and this fuse-step {} speaks version {}: \
             set the target's `step-image` to the one of the compiler that built them",
            shortened(found),
            env!("CARGO_PKG_VERSION"),
            fuse_wire::WIRE_VERSION
        )))
    }
}

/// The JSON of a composite and its leaves: as many as the JSON, a constant of the manifest, has placeholders.
fn composite(
    name: &str,
    words: &mut dyn Iterator<Item = Result<String, Failure>>,
) -> Result<Vec<String>, Failure> {
    let missing = || Failure::new(format!("`--composite={}` lacks parts", shortened(name)));
    let json = words.next().ok_or_else(missing)??;
    let leaves =
        (0..MAX_PLACEHOLDERS).take_while(|at| placeholder(*at).is_some_and(|c| json.contains(c))).count();
    let mut all = vec![json];
    for _ in 0..leaves {
        all.push(words.next().ok_or_else(missing)??);
    }
    Ok(all)
}

/// A text that may be long or hostile, fit for a message: one line, at most 60 characters, control characters escaped.
#[must_use]
pub fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Args, Failure> {
        Args::read(words.iter().map(OsString::from).collect(), &["in", "wire", "composite", "run"])
    }

    #[test]
    fn leaves_are_never_read_as_options() {
        let args = read(&[
            "--composite=p",
            "{\"a\":\"\u{F0081}\",\"b\":\"\u{F0082}\"}",
            "--in=x=y",
            "--run=1",
            "--in=z=1",
        ])
        .unwrap();
        assert_eq!(args.composites.len(), 1);
        assert_eq!(args.composites[0].1[1..], ["--in=x=y", "--run=1"]);
        assert_eq!(args.pairs("in").unwrap(), [("z", "1")]);
        assert_eq!(args.one("run"), Ok(None));
    }

    #[test]
    fn what_is_no_option_is_refused() {
        assert_eq!(read(&["x"]).unwrap_err().message, "`x` is no option");
        assert_eq!(read(&["--on=1"]).unwrap_err().message, "there is no option `--on`");
        assert_eq!(read(&["--composite=p"]).unwrap_err().message, "`--composite=p` lacks parts");
        let twice = read(&["--in=a=1", "--in=a=2"]).unwrap();
        assert_eq!(twice.pairs("in").unwrap_err().message, "`--in=a=…` is given twice");
        assert!(read(&["--wire=2"]).unwrap().wire().unwrap_err().message.contains("wire version 2"));
    }
}
