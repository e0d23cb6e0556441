//! A Python function is held against the task that calls it: every input is a parameter, every parameter without
//! default an input, and a dict that is written out after `return` has the outputs as keys.
//!
//! What cannot be told from the text alone (decorators, functions that are imported or assigned) passes.

use std::collections::BTreeSet;

use ecow::EcoString;
use fuse_base::{Diagnostic, FileId, Span, codes, did_you_mean};
use tree_sitter::{Node, Parser, Tree};

use super::Body;
use crate::cx::Cx;

/// A Python file with the place that names it.
pub(crate) struct Source<'s> {
    pub(crate) file: FileId,
    pub(crate) text: &'s str,
    /// The path as the task writes it.
    pub(crate) path: Span,
}

/// Whether the function fits the task; what does not is reported.
pub(crate) fn check(cx: &Cx<'_>, body: &Body<'_>, source: &Source<'_>, function: &str) -> bool {
    let Some(tree) = parse(source.text) else { return true };
    let found = Found { cx, body, source, function };
    match found.definition(tree.root_node()) {
        Some(definition) => found.fits(definition),
        None => found.is_elsewhere(&tree),
    }
}

/// The tree of a file that Python can read as far as this grammar tells.
fn parse(text: &str) -> Option<Tree> {
    // A larger one is refused anyway.
    if text.len() > super::MAX_SCRIPTS {
        return None;
    }
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_python::LANGUAGE.into()).ok()?;
    let tree = parser.parse(text, None)?;
    (!tree.root_node().has_error()).then_some(tree)
}

struct Found<'s, 'a> {
    cx: &'s Cx<'a>,
    body: &'s Body<'s>,
    source: &'s Source<'s>,
    function: &'s str,
}

impl<'s> Found<'s, '_> {
    fn text(&self, node: Node<'_>) -> &'s str {
        self.source.text.get(node.byte_range()).unwrap_or("")
    }

    fn span(&self, node: Node<'_>) -> Span {
        let at = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
        Span::new(self.source.file, at(node.start_byte()), at(node.end_byte()))
    }

    /// The last plain definition of the module that has the name.
    fn definition<'t>(&self, module: Node<'t>) -> Option<Node<'t>> {
        let mut cursor = module.walk();
        let all = module.named_children(&mut cursor).filter(|node| node.kind() == "function_definition");
        all.filter(|node| {
            node.child_by_field_name("name").is_some_and(|name| self.text(name) == self.function)
        })
        .last()
    }

    /// Whether the name may come from something else than a plain definition; reports that it does not.
    fn is_elsewhere(&self, tree: &Tree) -> bool {
        let mut names = BTreeSet::new();
        let mut hidden = false;
        each(tree.root_node(), &mut |node| {
            match node.kind() {
                "identifier" => hidden |= self.text(node) == self.function,
                "wildcard_import" => hidden = true,
                _ => {}
            }
            if node.kind() == "function_definition"
                && let Some(name) = node.child_by_field_name("name")
            {
                names.insert(self.text(name));
            }
            true
        });
        if hidden {
            return true;
        }
        let message =
            format!("`{}` has no function `{}`", self.cx.sources.path(self.source.file), self.function);
        let help = did_you_mean(self.function, names.iter().copied())
            .unwrap_or_else(|| format!("define it: `def {}(…):`", self.function));
        self.cx.report(Diagnostic::new(&codes::plan::PYTHON_FUNCTION, self.source.path, message).help(help));
        false
    }

    fn fits(&self, definition: Node<'_>) -> bool {
        let takes = definition.child_by_field_name("parameters").is_none_or(|params| self.takes(params));
        let gives = definition.child_by_field_name("body").is_none_or(|body| self.gives(body));
        takes && gives
    }

    /// Inputs are passed by name.
    fn takes(&self, parameters: Node<'_>) -> bool {
        let (mut names, mut needed, mut any) = (BTreeSet::new(), Vec::new(), false);
        let mut cursor = parameters.walk();
        for node in parameters.named_children(&mut cursor) {
            match node.kind() {
                "identifier" => needed.push(node),
                "typed_parameter" => match node.named_child(0) {
                    Some(name) if name.kind() == "identifier" => needed.push(name),
                    Some(name) => any |= name.kind() == "dictionary_splat_pattern",
                    None => {}
                },
                "default_parameter" | "typed_default_parameter" => {
                    names.extend(node.child_by_field_name("name").map(|name| self.text(name)));
                }
                "dictionary_splat_pattern" => any = true,
                // What stands before it cannot be named by a call: no matter which inputs there are.
                "positional_separator" => return true,
                _ => {}
            }
        }
        names.extend(needed.iter().map(|node| self.text(*node)));
        let mut fine = true;
        let inputs: BTreeSet<&str> = self.body.inputs.iter().map(|input| input.name.as_str()).collect();
        for missing in inputs.iter().filter(|name| !any && !names.contains(*name)) {
            let message = format!("`{}` takes no `{missing}`, an input of `{}`", self.function, self.task());
            let help = did_you_mean(missing, names.iter().copied())
                .unwrap_or_else(|| format!("add the parameter `{missing}`"));
            self.misfit(self.span(parameters), message, help);
            fine = false;
        }
        for node in needed.into_iter().filter(|node| !inputs.contains(self.text(*node))) {
            let name = self.text(node);
            let message =
                format!("`{}` needs `{name}`, and `{}` has no such input", self.function, self.task());
            self.misfit(self.span(node), message, format!("give `{name}` a default, or add it to the task"));
            fine = false;
        }
        fine
    }

    /// The keys of dicts that are written out are the outputs.
    fn gives(&self, body: Node<'_>) -> bool {
        let outputs: BTreeSet<&str> =
            self.body.task.sig.outputs.iter().map(|output| output.name.as_str()).collect();
        let mut fine = true;
        each(body, &mut |node| {
            if matches!(node.kind(), "function_definition" | "class_definition" | "lambda") {
                return false;
            }
            if node.kind() == "return_statement"
                && let Some(dict) = node.named_child(0).filter(|value| value.kind() == "dictionary")
                && let Some(keys) = self.keys(dict)
                && keys != outputs
                // One output may be a dict itself.
                && outputs.len() != 1
            {
                let words = |set: &BTreeSet<&str>| set.iter().copied().collect::<Vec<_>>().join("`, `");
                let message = format!(
                    "`{}` returns `{}`, not the outputs of `{}`",
                    self.function,
                    words(&keys),
                    self.task()
                );
                self.misfit(self.span(dict), message, format!("the outputs are `{}`", words(&outputs)));
                fine = false;
            }
            true
        });
        fine
    }

    /// The keys, where all of them are plain texts.
    fn keys(&self, dict: Node<'_>) -> Option<BTreeSet<&'s str>> {
        let mut cursor = dict.walk();
        dict.named_children(&mut cursor)
            .filter(|pair| pair.kind() != "comment")
            .map(|pair| {
                let key = pair.child_by_field_name("key").filter(|key| key.kind() == "string")?;
                let text = self.text(key);
                let plain = text.strip_prefix(['"', '\'']).and_then(|text| text.strip_suffix(['"', '\'']));
                plain.filter(|text| !text.contains(['"', '\'', '\\', '{']))
            })
            .collect()
    }

    fn task(&self) -> &EcoString {
        &self.body.task.sig.name
    }

    fn misfit(&self, span: Span, message: String, help: String) {
        let diagnostic = Diagnostic::new(&codes::plan::PYTHON_FUNCTION, span, message)
            .label(self.source.path, "called here")
            .help(help);
        self.cx.report(diagnostic);
    }
}

/// Every node below one, in order; what `into` refuses is not entered. Without recursion: nesting is the author's.
fn each<'t>(root: Node<'t>, into: &mut dyn FnMut(Node<'t>) -> bool) {
    let mut cursor = root.walk();
    let mut depth = 0u32;
    loop {
        if into(cursor.node()) && cursor.goto_first_child() {
            depth += 1;
            continue;
        }
        while !cursor.goto_next_sibling() {
            if depth == 0 || !cursor.goto_parent() {
                return;
            }
            depth -= 1;
            if depth == 0 {
                return;
            }
        }
    }
}
