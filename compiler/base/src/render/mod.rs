//! Diagnostics as text for people and as JSON for programs.
//!
//! The types of the library that draws the text stay in here; callers see strings.

mod excerpt;
mod human;
mod json;

pub use human::human;
pub use json::json;

/// How the text for people looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// Whether the text holds terminal colours.
    pub color: bool,
    /// The width in columns that messages are wrapped at.
    pub width: usize,
}

impl Default for Style {
    /// Without colour, 100 columns wide: the look of files and pipes.
    fn default() -> Self {
        Self { color: false, width: 100 }
    }
}
