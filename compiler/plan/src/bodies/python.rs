//! Python around a body: installs packages, calls a function with typed inputs, writes what it returns.
//!
//! A source travels as text inside the program, so that `__future__` imports, docstrings and `__main__` blocks keep
//! their meaning and tracebacks show the file's own lines.

#![allow(clippy::wildcard_enum_match_arm, reason = "scalars of all types are written alike")]

use std::fmt::Write as _;

use ecow::EcoString;
use fuse_analysis::ty::Ty;
use fuse_wire::contract::{Part, Word, variable};

use super::Body;
pub(crate) use super::filters::shell as shell_word;
use super::filters::{python, python_value};
use crate::types;

const INSTALL: &str = r#"
def install(requirements):
    """Puts packages in front of those of the image."""
    site = os.path.join(tempfile.gettempdir(), "site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--no-cache-dir"]
    pip += ["--disable-pip-version-check", "--target", site, "--", *requirements]
    if subprocess.call(pip, stdout=sys.stderr) != 0:
        sys.exit("pip could not install " + ", ".join(requirements))
    sys.path.insert(0, site)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [site, os.environ.get("PYTHONPATH")]))

"#;

const LOAD: &str = r#"
def load(name, path, source):
    """The module that the source is, with its own lines in tracebacks."""
    module = types.ModuleType(name)
    module.__file__ = path
    sys.modules[name] = module
    linecache.cache[path] = (len(source), None, source.splitlines(True), path)
    sys.excepthook = traceback.print_exception  # unlike the interpreter's own, it looks into that cache
    exec(compile(source, path, "exec"), module.__dict__)
    return module

"#;

const WRITE: &str = r#"
def text(value):
    """A scalar as the wire has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, enum.Enum):
        return value.name
    return repr(value) if isinstance(value, float) else str(value)


def plain(value):
    """Numbers of array libraries as Python's own."""
    return value.item() if hasattr(value, "item") and not isinstance(value, (list, dict)) else value


def write(name, kind, value):
    path = os.environ["OUT_" + name.upper()]
    if value is None:
        if not kind.endswith("?"):
            sys.exit(f"{FUNCTION} returned None for `{name}`")
        return
    kind = kind.rstrip("?")
    if kind == "files" and isinstance(value, (str, os.PathLike)):
        if os.path.realpath(value) == os.path.realpath(path):
            return
        if os.path.isdir(value):
            shutil.copytree(value, path, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copyfile(value, path)
        return
    if kind in ("files", "json"):
        value = json.dumps(value, default=plain)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text(plain(value)))

"#;

fn literal_lines(out: &mut EcoString, source: &str) {
    out.push_str("SOURCE = (\n");
    for line in source.split_inclusive('\n') {
        let _ = writeln!(out, "    {}", python(line));
    }
    if source.is_empty() {
        out.push_str("    \"\"\n");
    }
    out.push_str(")\n");
}

fn list(items: &[EcoString]) -> String {
    format!("[{}]", items.iter().map(|item| python(item)).collect::<Vec<_>>().join(", "))
}

/// A script that runs a source as the main program, after installing packages.
pub(crate) fn run(name: &str, source: &str, requires: &[EcoString]) -> EcoString {
    let mut out =
        EcoString::from("import linecache\nimport os\nimport subprocess\nimport sys\nimport tempfile\n");
    out.push_str("import traceback\nimport types\n\n");
    literal_lines(&mut out, source);
    let _ = write!(out, "\n{INSTALL}{LOAD}");
    let _ = write!(
        out,
        "\ninstall({})\nload(\"__main__\", {}, SOURCE)\n",
        list(requires),
        python(&format!("{name}.py"))
    );
    out
}

/// A script that runs a command, after installing packages.
pub(crate) fn exec(words: &[Word], requires: &[EcoString]) -> EcoString {
    let mut out = EcoString::from("import os\nimport subprocess\nimport sys\nimport tempfile\n\n");
    out.push_str(INSTALL);
    let words: Vec<String> = words
        .iter()
        .map(|word| match word {
            Word::Text(text) => python(text),
            Word::Parts(parts) => parts.iter().map(word_part).collect::<Vec<_>>().join(" + "),
        })
        .collect();
    let _ = write!(
        out,
        "\ninstall({})\ncommand = [{}]\nos.execvp(command[0], command)\n",
        list(requires),
        words.join(", ")
    );
    out
}

fn word_part(part: &Part) -> String {
    match part {
        Part::Text(text) => python(text),
        Part::Input { input } => format!("os.environ[{}]", python(&variable("IN", input))),
    }
}

/// A script that calls a function of a source with the task's inputs and writes its outputs.
pub(crate) fn call(
    body: &Body<'_>,
    path: &str,
    source: &str,
    function: &str,
    requires: &[EcoString],
) -> EcoString {
    let module = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".py");
    let mut out = EcoString::new();
    let _ = writeln!(out, "\"\"\"Calls {function} of {path}.\"\"\"");
    for name in [
        "enum",
        "json",
        "linecache",
        "os",
        "pathlib",
        "shutil",
        "subprocess",
        "sys",
        "tempfile",
        "traceback",
        "types",
    ] {
        let _ = writeln!(out, "import {name}");
    }
    out.push('\n');
    let _ = writeln!(out, "FUNCTION = {}", python(function));
    literal_lines(&mut out, source);
    let _ = write!(out, "\n{}{LOAD}{WRITE}", if requires.is_empty() { "" } else { INSTALL });
    out.push('\n');
    if !requires.is_empty() {
        let _ = writeln!(out, "install({})", list(requires));
    }
    arguments(&mut out, body);
    let _ = writeln!(out, "module = load({}, {}, SOURCE)", python(module), python(path));
    let _ = writeln!(out, "returned = getattr(module, FUNCTION)(**arguments)");
    outputs(&mut out, body);
    out
}

fn arguments(out: &mut EcoString, body: &Body<'_>) {
    let late = body.inputs.iter().any(|input| input.constant.is_none() && !is_artifact(&input.ty));
    if late {
        out.push_str(
            "with open(os.environ.get(\"FUSE_IN\", \"/fuse/in.json\"), encoding=\"utf-8\") as file:\n",
        );
        out.push_str("    inputs = json.load(file)\n");
    }
    out.push_str("arguments = {\n");
    for input in body.inputs {
        let name = python(&input.name);
        let value = match &input.constant {
            Some(value) => python_value(&value.json()),
            None if is_artifact(&input.ty) => {
                let name = python(&variable("IN", &input.name));
                let read = if is_files(&input.ty) {
                    format!("pathlib.Path(os.environ[{name}])")
                } else {
                    format!("os.environ[{name}]")
                };
                let optional = matches!(input.ty, Ty::Optional(_));
                if optional { format!("{read} if {name} in os.environ else None") } else { read }
            }
            None if matches!(input.ty, Ty::Float(_)) => format!("float(inputs[{name}])"),
            None => format!("inputs[{name}]"),
        };
        let _ = writeln!(out, "    {name}: {value},");
    }
    out.push_str("}\n");
}

fn is_artifact(ty: &Ty) -> bool {
    matches!(types::present(ty), Ty::Artifact(_))
}

/// Files come as a path, a reference as text.
fn is_files(ty: &Ty) -> bool {
    matches!(types::present(ty), Ty::Artifact(artifact) if artifact.by.is_none())
}

fn outputs(out: &mut EcoString, body: &Body<'_>) {
    let sig = &body.task.sig;
    if sig.outputs.is_empty() {
        return;
    }
    let kinds: Vec<String> = sig
        .outputs
        .iter()
        .map(|output| format!("{}: {}", python(&output.name), python(&kind(&output.ty))))
        .collect();
    let _ = writeln!(out, "outputs = {{{}}}", kinds.join(", "));
    if let [only] = sig.outputs.as_slice() {
        // A single output may be returned as it is.
        let name = python(&only.name);
        let _ = writeln!(out, "if not isinstance(returned, dict) or set(returned) != {{{name}}}:");
        let _ = writeln!(out, "    returned = {{{name}: returned}}");
    }
    out.push_str(
        "if not isinstance(returned, dict) or set(returned) != set(outputs):\n    \
         found = \", \".join(sorted(returned)) if isinstance(returned, dict) else type(returned).__name__\n    \
         sys.exit(f\"{FUNCTION} returned {found}; wanted is a dict with {', '.join(outputs)}\")\n\
         for name, kind in outputs.items():\n    \
         write(name, kind, returned[name])\n",
    );
}

/// How an output is written: a text, JSON, or files that the function names; `?` where it may be None.
fn kind(ty: &Ty) -> String {
    let base = match types::present(ty) {
        inner if is_files(inner) => "files",
        Ty::List(..) | Ty::Map(_) | Ty::Record(_) | Ty::Tagged(_) => "json",
        _ => "text",
    };
    if matches!(ty, Ty::Optional(_)) { format!("{base}?") } else { base.to_owned() }
}
