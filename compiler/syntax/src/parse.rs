//! The way from text to tree, view and diagnostics.

use std::num::NonZeroUsize;
use std::sync::Once;

use fuse_base::{Diagnostic, FileId, Span, codes::syntax as codes};
use pest::Parser;
use rowan::GreenNode;

use crate::expected::{Context, explain};
use crate::grammar::{Grammar, Rule};
use crate::kinds::{SyntaxKind, SyntaxNode};
use crate::mask::{Masked, Token, mask};
use crate::tree::Marker;
use crate::{ast, lower, tree};

/// Larger files are refused.
pub const MAX_FILE_SIZE: usize = 16 * 1024 * 1024;
/// Files with more tokens are refused: their trees would need gigabytes.
const MAX_TOKENS: usize = 2_000_000;
/// So many syntax errors of a file are told; one more diagnostic says how many were left out.
pub const MAX_DIAGNOSTICS: usize = 50;

/// What a file says.
#[derive(Clone, Debug)]
pub struct Parse {
    /// The typed view.
    pub file: ast::File,
    /// The syntax errors in source order, at most one at a place.
    pub diagnostics: Vec<Diagnostic>,
    green: GreenNode,
}

impl Parse {
    /// The lossless tree.
    #[must_use]
    pub fn syntax(&self) -> SyntaxNode {
        SyntaxNode::new_root(self.green.clone())
    }
}

/// Reads a file. Never fails: what cannot be read is reported and left out of the view.
#[must_use]
pub fn parse(file: FileId, text: &str) -> Parse {
    if text.len() > MAX_FILE_SIZE {
        let message = format!("the file has {} bytes, more than {MAX_FILE_SIZE}", text.len());
        return refused(file, text, message);
    }
    let masked = mask(file, text);
    if masked.tokens.len() > MAX_TOKENS {
        let message = format!("the file has {} words and marks, more than {MAX_TOKENS}", masked.tokens.len());
        return refused(file, text, message);
    }
    bound_effort();
    let (green, markers) = match Grammar::parse(Rule::file, &masked.text) {
        Ok(pairs) => tree::build(text, &masked.tokens, pairs),
        Err(error) => (tree::flat(text, &masked.tokens), vec![stopped_at(&error)]),
    };
    let (view, lowered) = lower::lower(file, &green);
    let diagnostics = collect(file, text, masked, &markers, lowered);
    Parse { file: view, diagnostics, green }
}

/// The grammar reads every text; should it ever stop, the file is no program from there on.
fn stopped_at(error: &pest::error::Error<Rule>) -> Marker {
    let at = match error.location {
        pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => at,
    };
    let at = u32::try_from(at).unwrap_or(u32::MAX);
    Marker { rule: Rule::e_item, at, parent: 0, parent_kind: SyntaxKind::File }
}

/// A last resort against a grammar that backtracks: about 200 calls a byte, where real files need 4.
fn bound_effort() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| pest::set_call_limit(NonZeroUsize::new(200 * MAX_FILE_SIZE + 1_000_000)));
}

fn refused(file: FileId, text: &str, message: String) -> Parse {
    let start = Span::new(file, 0, 0);
    let error = Diagnostic::new(&codes::OVER_THE_LIMIT, start, message).help("split it into several files");
    let tokens = [Token { kind: SyntaxKind::Unknown, start: 0 }];
    Parse { file: ast::File::default(), diagnostics: vec![error], green: tree::flat(text, &tokens) }
}

/// Errors of all stages in source order; where several stand at one place, that of the earliest stage.
fn collect(
    file: FileId,
    text: &str,
    masked: Masked,
    markers: &[Marker],
    lowered: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    let mut scan_errors: Vec<u32> = masked.diagnostics.iter().map(|error| error.span.start).collect();
    scan_errors.sort_unstable();
    let context = Context {
        file,
        text,
        masked: &masked.text,
        tokens: &masked.tokens,
        reported: &masked.reported,
        scan_errors: &scan_errors,
    };
    let mut all = masked.diagnostics;
    let mut last = None;
    let mut omitted = masked.omitted;
    for marker in markers {
        // Several markers at one place: the first says what the grammar tried first.
        if last.replace(marker.at) == Some(marker.at) {
            continue;
        }
        if all.len() > 20 * MAX_DIAGNOSTICS {
            omitted += 1;
            continue;
        }
        all.extend(explain(&context, *marker));
    }
    all.extend(lowered);
    all.sort_by_key(|error| error.span.start);
    all.dedup_by_key(|error| error.span.start);
    omitted += all.len().saturating_sub(MAX_DIAGNOSTICS);
    if omitted > 0 {
        let next = all.get(MAX_DIAGNOSTICS).map(|error| (error.code, error.span));
        all.truncate(MAX_DIAGNOSTICS);
        if let Some((code, span)) = next.or_else(|| all.last().map(|error| (error.code, error.span))) {
            all.push(Diagnostic::new(code, span, format!("{omitted} more syntax errors are left out")));
        }
    }
    all
}
