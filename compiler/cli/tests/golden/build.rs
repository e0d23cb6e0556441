//! `golden/build`: packages with their plans and manifests.

use fuse_driver::build;
use fuse_testkit::{Case, Golden, Verdict, tree};

use crate::common::{Package, shown, told};

pub(crate) fn run(case: &Case) -> Verdict {
    let package = Package::copy(&case.dir, is_expected)?;
    let out = tempfile::tempdir().map_err(|error| error.to_string())?;
    let built = build(&package.location()?, &[], Some(out.path())).map_err(|failures| told(&failures))?;
    if built.checked.errors() > 0 {
        return Err(format!("does not build:\n{}", shown(&built.checked)));
    }
    let mut golden = Golden::new(&case.dir);
    golden.expect_some("warnings.txt", shown(&built.checked).as_bytes());
    for plan in &built.checked.plans {
        golden.expect(&format!("plan.{}.txt", plan.target), plan.to_string().as_bytes());
    }
    golden.expect_tree("out", &tree(out.path())?);
    golden.finish(|path| !is_expected(path))
}

/// What a build of the case must come to; the rest of its files is the package.
fn is_expected(path: &str) -> bool {
    path.starts_with("out/") || path.starts_with("plan.") || path == "warnings.txt"
}
