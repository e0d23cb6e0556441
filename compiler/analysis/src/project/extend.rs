//! `extends = "…"`: a target has everything of another one that it does not say itself, key by key.

use std::collections::BTreeSet;

use ecow::EcoString;
use fuse_base::codes::{package as codes, target};
use fuse_base::{Diagnostic, Span, did_you_mean};
use toml::de::{DeTable, DeValue};

use super::table::{Reader, Table};
use super::{Spanned, Target};

/// Inside these a table is a choice of its own: naming the kind anew drops what is inherited.
const KIND: &str = "kind";
/// What a target never has from another one.
const OWN: [&str; 2] = ["extends", "abstract"];

/// How many entries all targets together may inherit: a file of a few lines must not become a huge one.
const MOST: usize = 100_000;

/// How many targets of a circle a message names.
const SHOWN: usize = 8;

/// How far a target is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unread,
    /// It waits for the one that it extends.
    Waiting,
    Read,
    /// What it lacks was told.
    Wrong,
}

/// A target's table with what it inherits.
struct Merged<'t> {
    table: DeTable<'t>,
    inherited: Vec<Span>,
}

impl<'t> Reader<'_> {
    /// Reads all targets, those that others extend before them; gives them in the order of the file, and the names of
    /// those that are only there to be extended.
    pub(super) fn extended(&mut self, named: &[(&'t str, Table<'t>)]) -> (Vec<Target>, Vec<EcoString>) {
        let mut all = All {
            named,
            states: vec![State::Unread; named.len()],
            merged: named.iter().map(|_| None).collect(),
            targets: named.iter().map(|_| None).collect(),
            told: BTreeSet::new(),
            inherited: 0,
            bases: Vec::new(),
        };
        for at in 0..named.len() {
            self.in_order(&mut all, at);
        }
        (all.targets.into_iter().flatten().collect(), all.bases)
    }

    /// Reads a target after the chain that it extends. The chain is walked, not recursed into: a file may be long.
    fn in_order(&mut self, all: &mut All<'_, 't>, at: usize) {
        let mut chain = vec![at];
        while let Some(last) = chain.last().copied() {
            if all.states.get(last) != Some(&State::Unread) {
                break;
            }
            all.set(last, State::Waiting);
            let Some(parent) = self.parent(all, last) else { break };
            let Some(parent) = parent else {
                all.set(last, State::Wrong);
                chain.pop();
                break;
            };
            if all.states.get(parent) == Some(&State::Waiting) {
                self.cycle(all, &chain, parent);
                chain.iter().for_each(|at| all.set(*at, State::Wrong));
                return;
            }
            chain.push(parent);
        }
        while let Some(at) = chain.pop() {
            if all.states.get(at) == Some(&State::Waiting) {
                self.read_one(all, at);
            }
        }
    }

    /// The target that another one extends: `None` where it extends none, `Some(None)` after a diagnostic.
    #[allow(clippy::option_option, reason = "no parent and a wrong parent are different")]
    fn parent(&mut self, all: &All<'_, 't>, at: usize) -> Option<Option<usize>> {
        let (own, table) = all.named.get(at)?;
        let entry = self.entry(table, "extends")?;
        let Some(name) = self.text(&entry) else { return Some(None) };
        let found = all.named.iter().position(|(known, _)| *known == name.value);
        if found.is_none() {
            let message = format!("there is no target `{}` to extend", name.value);
            let names = all.named.iter().map(|(known, _)| *known).filter(|known| known != own);
            let diagnostic = Diagnostic::new(&target::EXTENDS, name.span, message).help(
                did_you_mean(&name.value, names).unwrap_or_else(|| "name a target of this file".to_owned()),
            );
            self.diagnostics.push(diagnostic);
        }
        Some(found)
    }

    fn cycle(&mut self, all: &All<'_, 't>, chain: &[usize], back: usize) {
        let circle = || chain.iter().copied().skip_while(|at| *at != back);
        let name = |at: usize| all.named.get(at).map_or("", |(name, _)| *name);
        let mut names: Vec<String> = circle().take(SHOWN).map(|at| format!("`{}`", name(at))).collect();
        if circle().nth(SHOWN).is_some() {
            names.push("…".to_owned());
        }
        names.push(format!("`{}`", name(back)));
        let places: Vec<Span> = circle()
            .filter_map(|at| {
                let entry = self.entry(&all.named.get(at)?.1, "extends")?;
                Some(self.span(entry.node.span()))
            })
            .collect();
        let Some((first, others)) = places.split_first() else { return };
        let message = if others.is_empty() {
            format!("target {} extends itself", names.first().map_or("", String::as_str))
        } else {
            format!("targets extend one another in a circle: {}", names.join(" extends "))
        };
        let mut diagnostic = Diagnostic::new(&target::EXTENDS, *first, message)
            .help("remove one `extends`, and write what it was for into the target");
        for place in others.iter().take(SHOWN) {
            diagnostic = diagnostic.label(*place, "and on to here");
        }
        self.diagnostics.push(diagnostic);
    }

    fn read_one(&mut self, all: &mut All<'_, 't>, at: usize) {
        let Some((name, table)) = all.named.get(at) else { return };
        let parent = self.entry(table, "extends").and_then(|entry| {
            let DeValue::String(text) = entry.node.get_ref() else { return None };
            let parent = all.named.iter().position(|(known, _)| *known == text.as_ref())?;
            let span = self.span(entry.node.span());
            Some((parent, Spanned { value: EcoString::from(text.as_ref()), span }))
        });
        let wrong_parent =
            parent.as_ref().is_some_and(|(parent, _)| all.states.get(*parent) == Some(&State::Wrong));
        let of_parent = parent.as_ref().and_then(|(parent, _)| all.merged.get(*parent)?.as_ref());
        let merged = self.merged(table.entries, of_parent);
        let full = all.inherited > MOST;
        all.inherited = all.inherited.saturating_add(merged.inherited.len());
        if full && parent.is_some() {
            all.set(at, State::Wrong);
            return;
        }
        if let (true, Some((_, extends))) = (all.inherited > MOST, &parent) {
            let message = format!("the targets inherit more than {MOST} entries together");
            let diagnostic = Diagnostic::new(&target::EXTENDS, extends.span, message)
                .help("let fewer targets extend one another");
            self.diagnostics.push(diagnostic);
            all.set(at, State::Wrong);
            return;
        }
        let whole = Table { entries: &merged.table, title: table.title.clone(), at: table.at };
        let is_abstract = self.flag(table, "abstract").unwrap_or(false);

        let before = self.diagnostics.len();
        let partial = self.partial;
        self.partial |= is_abstract;
        let read = self.target(name, &whole);
        self.partial = partial;
        // What is wrong in an inherited table was told there.
        let mut fresh = self.diagnostics.split_off(before);
        fresh.retain(|one| {
            let follows = wrong_parent && one.code == &codes::MISSING_KEY && one.span == table.at;
            !follows && !all.told.contains(&(one.code.id, one.span))
        });
        for one in &mut fresh {
            let inherited =
                merged.inherited.iter().any(|own| own.start <= one.span.start && one.span.end <= own.end);
            if let (true, Some((_, extends))) = (inherited, &parent) {
                *one = one.clone().label(extends.span, format!("target `{name}` has it from there"));
            }
        }
        all.told.extend(fresh.iter().map(|one| (one.code.id, one.span)));
        self.diagnostics.append(&mut fresh);

        let fine = read.is_some() || is_abstract;
        all.set(at, if fine { State::Read } else { State::Wrong });
        let inherited = merged.inherited.clone();
        if let Some(slot) = all.merged.get_mut(at) {
            *slot = Some(merged);
        }
        if is_abstract {
            all.bases.push(EcoString::from(*name));
        }
        if let (Some(target), Some(slot), false) = (read, all.targets.get_mut(at), is_abstract) {
            let extends = parent.map(|(_, extends)| (extends, inherited));
            *slot = Some(Target { extends, ..target });
        }
    }

    /// A table completed by another one: tables key by key, everything else as a whole.
    fn merged(&self, own: &DeTable<'t>, parent: Option<&Merged<'t>>) -> Merged<'t> {
        let mut table = own.clone();
        let mut inherited = Vec::new();
        if let Some(parent) = parent {
            let mut rest = parent.table.clone();
            OWN.into_iter().for_each(|key| drop(rest.remove(key)));
            self.complete(&mut table, rest, &mut inherited);
        }
        Merged { table, inherited }
    }

    /// The depth is that of the file's tables, which the TOML parser bounds.
    fn complete(&self, own: &mut DeTable<'t>, parent: DeTable<'t>, inherited: &mut Vec<Span>) {
        for (key, value) in parent {
            let Some(known) = own.get_mut(&key) else {
                self.note(&key, &value, inherited);
                own.insert(key, value);
                continue;
            };
            let (DeValue::Table(mine), DeValue::Table(theirs)) = (known.get_mut(), value.into_inner()) else {
                continue;
            };
            if !mine.contains_key(KIND) {
                self.complete(mine, theirs, inherited);
            }
        }
    }

    /// The places of an inherited entry.
    fn note(
        &self,
        key: &toml::Spanned<toml::de::DeString<'t>>,
        value: &toml::Spanned<DeValue<'t>>,
        inherited: &mut Vec<Span>,
    ) {
        let at = self.span(key.span());
        match value.get_ref() {
            DeValue::Table(entries) => {
                inherited.push(at);
                entries.iter().for_each(|(key, value)| self.note(key, value, inherited));
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_) => {
                let end = self.span(value.span()).end;
                inherited.push(Span::new(at.file, at.start, end.max(at.end)));
            }
        }
    }
}

/// All targets while they are read.
struct All<'n, 't> {
    named: &'n [(&'t str, Table<'t>)],
    states: Vec<State>,
    merged: Vec<Option<Merged<'t>>>,
    targets: Vec<Option<Target>>,
    /// What was said already, by code and place.
    told: BTreeSet<(&'static str, Span)>,
    /// How many entries were inherited.
    inherited: usize,
    /// The abstract ones.
    bases: Vec<EcoString>,
}

impl All<'_, '_> {
    fn set(&mut self, at: usize, state: State) {
        if let Some(slot) = self.states.get_mut(at) {
            *slot = state;
        }
    }
}
