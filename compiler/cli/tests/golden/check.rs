//! `golden/check`: packages whose mistakes are marked on their lines.

use fuse_testkit::{Case, Golden, Verdict, check_marks};

use crate::common::{Package, found, shown};

pub(crate) fn run(case: &Case) -> Verdict {
    let package = Package::copy(&case.dir, |path| path == "errors.txt")?;
    let checked = package.check()?;
    let mut golden = Golden::new(&case.dir);
    for problem in check_marks(package.path(), &found(&checked))? {
        golden.problem(problem);
    }
    golden.expect_some("errors.txt", shown(&checked).as_bytes());
    golden.finish(|path| path != "errors.txt")
}
