//! Random programs: each is checked, lowered and written, runs with random outcomes, and goes before the oracle.
//!
//! A program is made again from the seed and its number alone. One that fails is made smaller before it is shown.

mod blocks;
mod grow;
mod oracle;
mod shrink;
mod tree;
mod trial;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use fastrand::Rng;
use fuse_plan::simulate::outcomes::Remedy;

use oracle::{Batch, Oracle};
use shrink::shrink;
use tree::{Tree, text};
use trial::{Failure, Library, Settings, trial};

/// Programs that go before the oracle in one call.
const BATCH: usize = 250;
/// Kinds of failures that are shown with a program.
const SHOWN: usize = 10;

/// What is asked for.
#[derive(Debug)]
struct Request {
    seed: u64,
    count: u64,
    /// The first program.
    from: u64,
    outcomes: usize,
    without: Option<Remedy>,
    oracle: Option<Oracle>,
}

/// What came of all programs.
#[derive(Debug, Default)]
struct Tally {
    programs: u64,
    nodes: usize,
    runs: usize,
    /// Documents that the oracle accepted.
    accepted: usize,
    failures: Vec<(u64, Failure)>,
}

/// `SEED N [--outcomes N] [--from N] [--without REMEDY] [-- ORACLE ARGUMENT…]`
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let request = read(arguments)?;
    if request.oracle.is_none() && fuse_testkit::in_ci() {
        return Err("CI=true, and no oracle is named behind `--`".to_owned());
    }
    let begin = Instant::now();
    let tally = all(&request)?;
    println!(
        "seed {}: {} programs with {} steps, {} runs, {} documents accepted by the oracle, {:.1} s: {} failures",
        request.seed,
        tally.programs,
        tally.nodes,
        tally.runs,
        tally.accepted,
        begin.elapsed().as_secs_f32(),
        tally.failures.len(),
    );
    if tally.failures.is_empty() {
        return Ok(());
    }
    let library = Library::read()?;
    // One of each kind.
    let mut kinds: BTreeMap<&str, (u64, &Failure, usize)> = BTreeMap::new();
    for (number, failure) in &tally.failures {
        kinds.entry(&failure.kind).or_insert((*number, failure, 0)).2 += 1;
    }
    for (kind, (_, _, count)) in &kinds {
        println!("{count} times: {kind}");
    }
    for (number, failure, _) in kinds.values().take(SHOWN) {
        println!("\n{}", shown(&request, &library, *number, failure));
    }
    Err(format!("{} programs fail", tally.failures.len()))
}

fn read(arguments: &[&str]) -> Result<Request, String> {
    fn number(text: &str) -> Result<u64, String> {
        text.parse().map_err(|error| format!("{text}: {error}"))
    }
    let split = arguments.iter().position(|word| *word == "--").unwrap_or(arguments.len());
    let (own, oracle) = arguments.split_at(split);
    let oracle: Vec<String> = oracle.iter().skip(1).map(|word| (*word).to_owned()).collect();
    let [seed, count, options @ ..] = own else { return Err("programs SEED N".to_owned()) };
    let mut request = Request {
        seed: number(seed)?,
        count: number(count)?,
        from: 0,
        outcomes: 20,
        without: None,
        oracle: (!oracle.is_empty()).then_some(Oracle(oracle)),
    };
    for pair in options.chunks(2) {
        match pair {
            ["--outcomes", value] => request.outcomes = usize::try_from(number(value)?).unwrap_or(usize::MAX),
            ["--from", value] => request.from = number(value)?,
            ["--without", value] => {
                let found = Remedy::ALL.into_iter().find(|one| one.name() == *value);
                request.without = Some(found.ok_or_else(|| format!("{value} is no remedy"))?);
            }
            _ => return Err(format!("{} is no option", pair.join(" "))),
        }
    }
    Ok(request)
}

/// The program of a number.
fn program(seed: u64, at: u64) -> Vec<Tree> {
    grow::program(Rng::with_seed(seed.wrapping_mul(1_000_003).wrapping_add(at)))
}

/// The settings of a number: files in a volume for one, in a bucket for another.
fn settings(request: &Request, at: u64) -> Settings {
    let store = if at.is_multiple_of(2) {
        "{ kind = \"pvc\", size = \"1Gi\" }"
    } else {
        "{ kind = \"s3\", bucket = \"runs\", region = \"eu-1\", \
         secret = { name = \"store\", keys = [\"AWS_ACCESS_KEY_ID\", \"AWS_SECRET_ACCESS_KEY\"] } }"
    };
    let toml = format!(
        "[package]\nname = \"random\"\n\n[target.dev]\nnamespace = \"random\"\n\
         tekton = {{ version = \"1.15\" }}\nstore = {store}\n\
         step-image = \"registry.example/fuse/fuse-step:0.1.0\"\n"
    );
    Settings { toml, outcomes: request.outcomes, without: request.without, seed: request.seed ^ at }
}

/// Tries all programs, on all processors.
fn all(request: &Request) -> Result<Tally, String> {
    let library = Library::read()?;
    let next = AtomicU64::new(request.from);
    let end = request.from.saturating_add(request.count);
    let tally = Mutex::new(Tally::default());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = |thread: usize| -> Result<(), String> {
        let mut part = Tally::default();
        let mut batch = Batch::new(&format!("{thread}"))?;
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at < end {
                part.programs += 1;
                match trial(&library, &program(request.seed, at), &settings(request, at)) {
                    Ok(trial) => {
                        part.nodes += trial.nodes;
                        part.runs += trial.runs;
                        if request.oracle.is_some() {
                            batch.add(at, &trial.manifests)?;
                        }
                    }
                    Err(failure) => part.failures.push((at, failure)),
                }
            }
            if let Some(oracle) = &request.oracle
                && (batch.count() == BATCH || at >= end && batch.count() > 0)
            {
                let (accepted, refused) = oracle.judge(&batch)?;
                part.accepted += accepted;
                part.failures.extend(refused);
                batch = Batch::new(&format!("{thread}-{at}"))?;
            }
            if at >= end {
                break;
            }
        }
        let mut tally = tally.lock().map_err(|error| error.to_string())?;
        tally.programs += part.programs;
        tally.nodes += part.nodes;
        tally.runs += part.runs;
        tally.accepted += part.accepted;
        tally.failures.extend(part.failures);
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|thread| scope.spawn(move || work(thread))).collect();
        let ended = threads.into_iter().map(|one| one.join().map_err(|_| "a thread crashed".to_owned()));
        ended.collect::<Result<Vec<_>, _>>()?.into_iter().collect::<Result<Vec<()>, _>>()
    })?;
    let mut tally = tally.into_inner().map_err(|error| error.to_string())?;
    tally.failures.sort_by_key(|(at, _)| *at);
    Ok(tally)
}

/// A failing program, made as small as it gets.
fn shown(request: &Request, library: &Library, at: u64, failure: &Failure) -> String {
    let settings = settings(request, at);
    let again = |program: &[Tree]| -> Option<Failure> {
        match (trial(library, program, &settings), &request.oracle) {
            (Err(failure), _) => Some(failure),
            (Ok(_), None) => None,
            (Ok(trial), Some(oracle)) => {
                let mut batch = Batch::new(&format!("again-{at}")).ok()?;
                batch.add(at, &trial.manifests).ok()?;
                Some(oracle.judge(&batch).ok()?.1.into_iter().next()?.1)
            }
        }
    };
    let same = |program: &[Tree]| again(program).is_some_and(|found| found.kind == failure.kind);
    let small = shrink(program(request.seed, at), same);
    let last = again(&small).map_or_else(|| failure.text.clone(), |failure| failure.text);
    format!("program {at}: {}\nat first: {}\nsmaller: {last}\n{}", failure.kind, failure.text, text(&small))
}

#[cfg(test)]
mod tests;
