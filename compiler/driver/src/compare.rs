//! `build --check`: compares what a build would write with what stands there, byte by byte.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use similar::{Algorithm, TextDiff};

use crate::VERSION;
use crate::build::{Output, listing, output};
use crate::check::{Checked, check};
use crate::disk::Overlay;
use crate::failure::Failure;
use crate::header::{is_header, version_of};
use crate::locate::Location;

/// How the output on disk stands to the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Byte for byte what a build would write.
    Fresh,
    /// A build would change something.
    Stale,
    /// Another version of the compiler wrote it.
    OtherCompiler,
}

/// What a comparison found.
#[derive(Debug)]
pub struct Compared {
    /// The package; with errors nothing was compared.
    pub checked: Checked,
    /// The worst state of all parts.
    pub state: State,
    /// The parts that are not fresh, targets first.
    pub differences: Vec<Difference>,
}

/// A target or a single file that is not fresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its path, as messages show it.
    pub path: String,
    /// What is the matter, in one line.
    pub reason: String,
    /// A unified diff from what stands there to what a build would write; empty for another compiler version.
    pub diff: String,
}

/// Compares the output of the selected targets, of all where `selection` is empty.
///
/// # Errors
/// When files cannot be read.
pub fn compare(
    location: &Location,
    selection: &[String],
    out: Option<&Path>,
) -> Result<Compared, Vec<Failure>> {
    let mut checked = check(location, &Overlay::new(), selection)?;
    let mut compared = (State::Fresh, Vec::new());
    if checked.errors() == 0 {
        let output = output(location, &checked, out).map_err(|failure| vec![failure])?;
        compared = differences(&output);
    }
    checked.show_from_here();
    Ok(Compared { checked, state: compared.0, differences: compared.1 })
}

fn differences(output: &Output) -> (State, Vec<Difference>) {
    let mut state = State::Fresh;
    let mut all = Vec::new();
    for (target, files) in &output.targets {
        let shown = format!("{}{target}", output.shown_parent);
        let expected: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let place = output.parent.join(target);
        let found = listing(&place).unwrap_or_default();
        note(&mut state, &mut all, part(&place, &shown, &expected, &found));
    }
    for (name, text) in &output.single {
        let shown = output.shown_base.trim_end_matches('/');
        let shown = if shown.is_empty() { "." } else { shown };
        let place = output.base.join(name);
        let found: Vec<String> = place.is_file().then(|| name.clone()).into_iter().collect();
        let expected = [(name.as_str(), text.as_str())];
        note(&mut state, &mut all, part(&output.base, shown, &expected, &found));
    }
    (state, all)
}

fn note(state: &mut State, all: &mut Vec<Difference>, part: Option<(State, Difference)>) {
    let Some((found, difference)) = part else { return };
    if *state != State::OtherCompiler {
        *state = found;
    }
    all.push(difference);
}

/// Compares the files of one part with what is found in its folder.
fn part(
    folder: &Path,
    shown: &str,
    expected: &[(&str, &str)],
    found: &[String],
) -> Option<(State, Difference)> {
    let read = |path: &str| fs::read(folder.join(path)).ok();
    if found.is_empty() && !expected.is_empty() {
        let path = if let [(name, _)] = expected { format!("{shown}/{name}") } else { shown.to_owned() };
        let reason = "it does not exist".to_owned();
        return Some((State::Stale, Difference { path, reason, diff: String::new() }));
    }
    let texts: Vec<(&str, String)> = found
        .iter()
        .map(|path| {
            let bytes = read(path).unwrap_or_default();
            (path.as_str(), String::from_utf8_lossy(&bytes).into_owned())
        })
        .collect();
    let other = texts.iter().find_map(|(_, text)| version_of(text).filter(|version| *version != VERSION));
    if let Some(version) = other {
        let reason = format!("fusec {version} wrote it, this is fusec {VERSION}");
        return Some((
            State::OtherCompiler,
            Difference { path: shown.to_owned(), reason, diff: String::new() },
        ));
    }
    let mut diff = String::new();
    let mut changed = 0_usize;
    let surplus = texts.iter().filter(|(path, _)| expected.iter().all(|(name, _)| name != path));
    for (path, text) in surplus {
        changed += 1;
        diff.push_str(&unified(&format!("{shown}/{path}"), text, ""));
    }
    for (path, new) in expected {
        let old = texts.iter().find(|(name, _)| name == path).map_or("", |(_, text)| text.as_str());
        let same = read(path).is_some_and(|bytes| bytes == new.as_bytes());
        if !same {
            changed += 1;
            diff.push_str(&unified(&format!("{shown}/{path}"), old, new));
        }
    }
    if changed > 0 && diff.is_empty() {
        let _ = writeln!(diff, "{shown}: only headers differ, because an input changed");
    }
    let files = if changed == 1 { "1 file differs".to_owned() } else { format!("{changed} files differ") };
    (changed > 0).then(|| (State::Stale, Difference { path: shown.to_owned(), reason: files, diff }))
}

/// A unified diff; nothing where only the header differs, which it does whenever an input changes.
fn unified(path: &str, old: &str, new: &str) -> String {
    let body =
        |text: &str| -> String { text.split_inclusive('\n').filter(|line| !is_header(line)).collect() };
    let (old_body, new_body) = (body(old), body(new));
    if old_body == new_body && !old.is_empty() && !new.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    let name =
        |side: &str, empty: bool| if empty { "/dev/null".to_owned() } else { format!("{side}/{path}") };
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .timeout(Duration::from_secs(2))
        .diff_lines(old, new);
    let mut unified = diff.unified_diff();
    unified.context_radius(3).header(&name("a", old.is_empty()), &name("b", new.is_empty()));
    let _ = write!(text, "{unified}");
    text
}
