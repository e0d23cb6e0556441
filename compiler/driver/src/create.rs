//! `fusec new`: the first files of a package.

use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::locate::PROJECT_FILE;
use crate::replace;

/// The files of a new package; `{{name}}` stands for its name.
static FILES: &[(&str, &str)] = &[
    (PROJECT_FILE, include_str!("../new/fuse.toml")),
    ("pipeline.fuse", include_str!("../new/pipeline.fuse")),
];

/// Makes a package in a new folder of `parent`; gives the names of its files.
///
/// # Errors
/// When the name cannot be a package's, the folder exists, or it cannot be written; nothing is left behind then.
pub fn create_package(parent: &Path, name: &str) -> Result<Vec<&'static str>, Failure> {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let inner = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !inner || name.len() > 63 || !edge(name.chars().next()) || !edge(name.chars().next_back()) {
        let help =
            "lower-case letters, digits and `-`, at most 63, a letter or digit at both ends: `wine-quality`";
        return Err(Failure::new(format!("`{name}` cannot be the name of a package"), help));
    }
    let place = parent.join(name);
    let taken = place.symlink_metadata().is_ok_and(|metadata| {
        !metadata.is_dir() || fs::read_dir(&place).is_ok_and(|mut entries| entries.next().is_some())
    });
    if taken {
        let help = "choose another name, or remove what is there";
        return Err(Failure::new(format!("cannot write {name}: something of that name is in the way"), help));
    }
    let files: Vec<(String, String)> =
        FILES.iter().map(|(path, text)| ((*path).to_owned(), text.replace("{{name}}", name))).collect();
    let written = replace::stage_folder(parent, name, &files).and_then(replace::StagedFolder::commit);
    written.map_err(|error| {
        let failure = Failure::writing(name, &error);
        Failure { help: Some("run it in a folder that is writable for this user".to_owned()), ..failure }
    })?;
    Ok(FILES.iter().map(|(path, _)| *path).collect())
}
