mod support;
#[test]
fn scratch() {
    let dir = std::env::var("CASE").unwrap();
    let target = std::env::var("TARGET").unwrap_or("dev".into());
    let mut files = vec![];
    fn walk(root: &std::path::Path, at: &std::path::Path, files: &mut Vec<(String, String)>) {
        for e in std::fs::read_dir(at).unwrap() {
            let p = e.unwrap().path();
            let name = p.file_name().unwrap().to_str().unwrap().to_owned();
            if name == "out" || name == "generated" { continue; }
            if p.is_dir() { walk(root, &p, files) } else if let Ok(t) = std::fs::read_to_string(&p) {
                files.push((p.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), t));
            }
        }
    }
    let root = std::path::Path::new(&dir);
    walk(root, root, &mut files);
    let toml = files.iter().find(|f| f.0 == "fuse.toml").map(|f| f.1.clone()).unwrap_or(support::DEFAULT.to_owned());
    let refs: Vec<(&str, &str)> = files.iter().filter(|f| f.0 != "fuse.toml").map(|f| (f.0.as_str(), f.1.as_str())).collect();
    let case = support::lower_with(&refs, &toml, &target);
    match &case.result { Ok(p) => println!("{p}"), Err(d) => println!("ERRORS\n{}", support::show(d, &case.sources)) }
}
