//! What a tree may hold, wherever it comes from: a step's output, an index, an archive, a listing.

use crate::args::shortened;

/// Files, folders and links of a tree, at most. What is known of them has to fit into the memory of a small container.
pub(super) const MAX_ENTRIES: usize = 200_000;
/// Folders within folders, at most.
pub(super) const MAX_DEPTH: usize = 64;
/// Bytes of a path within the tree, at most.
pub(super) const MAX_PATH: usize = 1024;
/// Bytes of all paths and link targets together, at most.
const MAX_PATHS: usize = 32 << 20;
/// Bytes of all files together, at most.
const MAX_SIZE: u64 = 1 << 40;

/// Checks one name of a file or folder.
pub(super) fn name(name: &str) -> Result<(), String> {
    if name.is_empty() || matches!(name, "." | "..") || name.contains('/') {
        return Err(format!("`{}` is no name of a file", shortened(name)));
    }
    if name.chars().any(char::is_control) {
        return Err(format!("the name `{}` holds a control character", shortened(name)));
    }
    if name.len() > 255 {
        return Err(format!("the name `{}` is over 255 bytes long", shortened(name)));
    }
    Ok(())
}

/// Checks a path within a tree: names with `/` between them.
pub(super) fn path(path: &str) -> Result<(), String> {
    if path.starts_with('/') {
        return Err(format!("`{}` is an absolute path", shortened(path)));
    }
    if path.len() > MAX_PATH {
        return Err(format!("the path `{}` is over {MAX_PATH} bytes long", shortened(path)));
    }
    if path.split('/').count() > MAX_DEPTH {
        return Err(format!("`{}` lies in more than {MAX_DEPTH} folders", shortened(path)));
    }
    path.split('/').try_for_each(|part| match part {
        ".." => Err(format!("`{}` leaves the folder", shortened(path))),
        _ => name(part),
    })
}

/// Checks where a link at `path` leads: it must stay inside the tree, through whatever links its way goes.
///
/// `..` may stand only at the start: there it climbs from the link's own folder, which is no link. Further on it would
/// climb from wherever another link leads.
pub(super) fn link(path: &str, target: &str) -> Result<(), String> {
    let outside = |why: &str| {
        Err(format!(
            "the link `{}` leads to `{}`, {why}; copy what it leads to (`cp -L`)",
            shortened(path),
            shortened(target)
        ))
    };
    if target.starts_with('/') {
        return outside("an absolute path");
    }
    if target.is_empty() || target.len() > MAX_PATH || target.chars().any(char::is_control) {
        return outside("which is no path");
    }
    let climbs = target.split('/').take_while(|part| *part == "..").count();
    if climbs > path.split('/').count() - 1 {
        return outside("outside of the folder");
    }
    if target.split('/').skip(climbs).any(|part| part == "..") {
        return outside("and `..` may stand only at its start");
    }
    Ok(())
}

/// Counts what a tree holds.
#[derive(Default)]
pub(super) struct Limits {
    entries: usize,
    paths: usize,
    size: u64,
}

impl Limits {
    /// One entry more.
    pub(super) fn entry(&mut self, path: &str, target: &str) -> Result<(), String> {
        self.entries += 1;
        self.paths += path.len() + target.len();
        if self.entries > MAX_ENTRIES {
            return Err(format!(
                "there are more than {MAX_ENTRIES} files and folders: put them into an archive or larger files"
            ));
        }
        if self.paths > MAX_PATHS {
            return Err(format!("the names of the files take more than {} MiB", MAX_PATHS >> 20));
        }
        Ok(())
    }

    /// More bytes of files.
    pub(super) fn bytes(&mut self, bytes: u64) -> Result<(), String> {
        self.size = self.size.saturating_add(bytes);
        if self.size > MAX_SIZE {
            return Err(format!("the files take more than {} GiB", MAX_SIZE >> 30));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        for good in ["a", "a/b.c", "ä ö", "..a", "a..", "a/..b"] {
            assert_eq!(path(good), Ok(()), "{good}");
        }
        for bad in ["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/../b", "a/./b", "a\nb", "a\0b"]
        {
            assert!(path(bad).is_err(), "{bad:?}");
        }
        assert!(path(&"a/".repeat(64)).is_err());
        assert!(path(&"a".repeat(256)).unwrap_err().contains("255 bytes"));
        assert!(path(&vec!["a".repeat(200); 6].join("/")).unwrap_err().contains("1024 bytes"));
    }

    #[test]
    fn links_stay_inside() {
        for (at, target) in [("l", "a"), ("a/l", "../b"), ("a/b/l", "../../c/d"), ("a/l", "."), ("l", "a/b/")]
        {
            assert_eq!(link(at, target), Ok(()), "{at} -> {target}");
        }
        // The last one would leave the tree where `a` is a link to `.`.
        for (at, target) in
            [("l", "/etc"), ("l", ".."), ("a/l", "../../x"), ("l", ""), ("l", "a/../../x"), ("l", "a/..")]
        {
            assert!(link(at, target).is_err(), "{at} -> {target}");
        }
    }
}
