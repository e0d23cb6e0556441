//! The register of diagnostics. A family is a file; a row there and a page in `compiler/base/codes/` make a code.

use crate::Code;

/// Declares the codes of a family and the list of them; the page of each is `codes/<id>.md`.
macro_rules! codes {
    ($($(#[$doc:meta])* $ident:ident = $id:literal $severity:ident $name:literal;)*) => {
        $(
            $(#[$doc])*
            pub static $ident: crate::Code = crate::Code {
                id: $id,
                name: $name,
                severity: crate::Severity::$severity,
                page: include_str!(concat!("../../codes/", $id, ".md")),
            };
        )*
        pub(super) static FAMILY: &[&crate::Code] = &[$(&$ident),*];
    };
}

pub mod flow;
pub mod names;
pub mod not_yet;
pub mod package;
pub mod plan;
pub mod syntax;
pub mod target;
pub mod types;

/// The families in the order of their numbers.
static FAMILIES: &[&[&Code]] = &[
    syntax::FAMILY,
    names::FAMILY,
    types::FAMILY,
    flow::FAMILY,
    target::FAMILY,
    plan::FAMILY,
    package::FAMILY,
    not_yet::FAMILY,
];

/// Every code, in the order of the ids.
pub fn all() -> impl Iterator<Item = &'static Code> {
    FAMILIES.iter().flat_map(|family| family.iter().copied())
}

/// The code with this id (`FS0203`, in any case) or this name (`unknown-name`).
#[must_use]
pub fn find(text: &str) -> Option<&'static Code> {
    all().find(|code| code.id.eq_ignore_ascii_case(text) || code.name == text)
}
