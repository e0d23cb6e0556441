//! Marks in sources: `//~ FS0203` says that this line has that diagnostic. They are written by hand; no bless
//! changes them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::tree;

/// A diagnostic that came out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Found {
    /// The file's path in the package.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The code.
    pub code: String,
    /// The message, for the report.
    pub message: String,
}

/// Every mark of the package must have its diagnostic and every diagnostic its mark; says what is not so.
///
/// A mark is `//~ CODE…` or `#~ CODE…` at the end of a line. After `//~^` the codes are of the line above, one line
/// a `^`: for a line that cannot bear a comment.
pub fn check_marks(package: &Path, found: &[Found]) -> Result<Vec<String>, String> {
    let mut left: BTreeMap<(String, u32, String), usize> = BTreeMap::new();
    for (file, bytes) in tree(package)? {
        let text = String::from_utf8_lossy(&bytes);
        for (index, line) in text.lines().enumerate() {
            let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            for (line, code) in marks(line, number)? {
                *left.entry((file.clone(), line, code)).or_default() += 1;
            }
        }
    }
    let mut problems = Vec::new();
    for one in found {
        let key = (one.file.clone(), one.line, one.code.clone());
        match left.get_mut(&key) {
            Some(count) if *count > 0 => *count -= 1,
            Some(_) | None => {
                problems
                    .push(format!("{}:{}: {} is not marked: {}", one.file, one.line, one.code, one.message));
            }
        }
    }
    for ((file, line, code), count) in left {
        if count > 0 {
            problems.push(format!("{file}:{line}: {code} is marked and did not come out"));
        }
    }
    Ok(problems)
}

/// The marks of a line with the line each is about.
fn marks(line: &str, number: u32) -> Result<Vec<(u32, String)>, String> {
    let Some((_, rest)) = line.split_once("//~").or_else(|| line.split_once("#~")) else {
        return Ok(Vec::new());
    };
    let codes = rest.trim_start_matches('^');
    let up = u32::try_from(rest.len() - codes.len()).unwrap_or(0);
    let codes: Vec<&str> = codes.split_whitespace().collect();
    let well_formed = |code: &&str| code.len() == 6 && code.starts_with("FS");
    if codes.is_empty() || !codes.iter().all(well_formed) || up >= number {
        return Err(format!("line {number}: a mark reads `//~ FS0203`, this one `{}`", rest.trim()));
    }
    Ok(codes.into_iter().map(|code| (number - up, code.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: u32, code: &str) -> Found {
        Found { file: "main.fuse".into(), line, code: code.into(), message: "m".into() }
    }

    fn check(text: &str, found: &[Found]) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("main.fuse"), text).unwrap();
        check_marks(dir.path(), found).unwrap()
    }

    #[test]
    fn marks_and_diagnostics_must_agree() {
        let text = "let a = b //~ FS0203 FS0301\nlet c = \"\n//~^ FS0104\n";
        let all = [found(1, "FS0203"), found(1, "FS0301"), found(2, "FS0104")];
        assert_eq!(check(text, &all), Vec::<String>::new());
        assert_eq!(check(text, &all[..2]), ["main.fuse:2: FS0104 is marked and did not come out"]);
        let twice = [all.as_slice(), &all[..1]].concat();
        assert_eq!(check(text, &twice), ["main.fuse:1: FS0203 is not marked: m"]);
        assert_eq!(check("x\n", &[found(1, "FS0203")]), ["main.fuse:1: FS0203 is not marked: m"]);
    }

    #[test]
    fn a_broken_mark_is_no_silence() {
        assert!(marks("x //~ ", 3).is_err());
        assert!(marks("x //~ 0203", 3).is_err());
        assert!(marks("x //~^^ FS0203", 2).is_err());
        assert_eq!(marks("x //~^ FS0203", 2).unwrap(), [(1, "FS0203".to_owned())]);
    }
}
