//! Plans made by hand and the files they become.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

mod common;

use std::collections::HashMap;

use common::{at, empty, header, large, sources, the_rest, wine_quality};
use fuse_emit::{Artifact, Folder, MAP_FILE, emit, targets};
use fuse_plan::Plan;
use serde::Deserialize;
use serde_yaml::Value;

fn files(plan: &Plan) -> Vec<Artifact> {
    emit(plan, &header(), &sources()).unwrap()
}

fn names(plan: &Plan) -> Vec<String> {
    files(plan).into_iter().map(|file| file.path).collect()
}

fn documents(text: &str) -> Vec<Value> {
    serde_yaml::Deserializer::from_str(text).map(|document| Value::deserialize(document).unwrap()).collect()
}

/// All files in one text.
fn show(plan: &Plan) -> String {
    files(plan)
        .iter()
        .map(|file| {
            let folder = match file.folder {
                Folder::Target => format!("generated/{}/", plan.target),
                Folder::Package => String::new(),
            };
            format!("==> {folder}{}\n{}", file.path, file.text)
        })
        .collect()
}

#[test]
fn the_wine_pipeline_has_the_structure_written_by_hand() {
    let expected = [
        ("access.yaml", include_str!("expected/access.yaml")),
        ("tasks.yaml", include_str!("expected/tasks.yaml")),
        ("pipeline.wine-quality.yaml", include_str!("expected/pipeline.wine-quality.yaml")),
        ("run.wine-quality.yaml", include_str!("expected/run.wine-quality.yaml")),
        ("kustomization.yaml", include_str!("expected/kustomization.yaml")),
    ];
    let files = files(&wine_quality());
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, expected.map(|(path, _)| path).into_iter().chain([MAP_FILE]).collect::<Vec<_>>());
    for (file, (path, want)) in files.iter().zip(expected) {
        let (got, want) = (documents(&file.text), documents(want));
        assert_eq!(got.len(), want.len(), "{path}");
        for (at, (got, want)) in got.iter().zip(&want).enumerate() {
            assert_eq!(got, want, "document {at} of {path}");
        }
    }
}

#[test]
fn the_wine_pipeline_as_text() {
    insta::assert_snapshot!(show(&wine_quality()));
}

#[test]
fn the_rest_as_text() {
    insta::assert_snapshot!(show(&the_rest()));
}

#[test]
fn empty_files_are_not_written() {
    assert_eq!(names(&empty()), [MAP_FILE]);
    let deploys = Plan { deploys: the_rest().deploys, ..empty() };
    assert_eq!(names(&deploys), ["deploy.say-hello.yaml", "kustomization.yaml", MAP_FILE]);
}

#[test]
fn every_file_starts_with_the_header() {
    let line = header().line();
    for file in files(&the_rest()) {
        let first = if file.path == MAP_FILE {
            format!("{{\n  \"generated\": \"{line}\",\n")
        } else {
            format!("# {line}\n")
        };
        assert!(file.text.starts_with(&first), "{}", file.path);
        assert!(file.text.ends_with('\n') && !file.text.ends_with("\n\n"), "{}", file.path);
    }
}

#[test]
fn only_what_can_be_applied_is_in_the_kustomization() {
    let files = files(&the_rest());
    let kustomization = files.iter().find(|file| file.path == "kustomization.yaml").unwrap();
    for file in &files {
        if file.folder == Folder::Package || file.path == MAP_FILE || file.path == "kustomization.yaml" {
            continue;
        }
        let applied = documents(&file.text).iter().all(|object| object["metadata"].get("name").is_some());
        assert_eq!(kustomization.text.contains(&file.path), applied, "{}", file.path);
    }
}

/// Follows a JSON pointer.
fn follow<'a>(value: &'a Value, pointer: &str) -> Option<&'a Value> {
    pointer.split('/').skip(1).try_fold(value, |value, part| {
        let part = part.replace("~1", "/").replace("~0", "~");
        value.get(&part).or_else(|| value.get(part.parse::<usize>().ok()?))
    })
}

#[test]
fn every_entry_of_the_source_map_leads_somewhere() {
    for plan in [wine_quality(), the_rest(), large(30)] {
        let files = files(&plan);
        let map: serde_json::Value = serde_json::from_str(&files.last().unwrap().text).unwrap();
        let causes = map["causes"].as_object().unwrap();
        let parsed: HashMap<&str, Vec<Value>> =
            files.iter().map(|file| (file.path.as_str(), documents(&file.text))).collect();
        for key in causes.keys() {
            let (path, rest) = key.split_once('#').unwrap();
            let (document, pointer) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let object = &parsed[path][document.parse::<usize>().unwrap()];
            assert!(follow(object, pointer).is_some(), "{key} leads nowhere");
        }
        for file in files.iter().filter(|file| file.folder == Folder::Target && file.path != MAP_FILE) {
            for at in 0..parsed[file.path.as_str()].len() {
                let known = causes.contains_key(&format!("{}#{at}", file.path));
                assert!(known || file.path == "kustomization.yaml", "{}#{at} has no cause", file.path);
            }
        }
    }
}

#[test]
fn the_source_map_tells_places() {
    let files = files(&wine_quality());
    let map: serde_json::Value = serde_json::from_str(&files.last().unwrap().text).unwrap();
    for (key, place) in [
        ("tasks.yaml#1/spec/steps/1/script", "fuse:std/mlflow:30:1"),
        ("tasks.yaml#1/spec/steps/1/env/1", "wine/fuse.toml:9:1"),
        ("pipeline.wine-quality.yaml#0/spec/tasks/2/when/0", "wine/pipeline.fuse:19:1"),
        ("run.wine-quality.yaml#0/spec/taskRunSpecs/0", "wine/pipeline.fuse:20:1"),
    ] {
        assert_eq!(map["causes"][key], place, "{key}");
    }
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    assert_eq!(show(&large(50)), show(&large(50)));
}

#[test]
fn parameters_that_a_run_must_give_are_a_comment_that_becomes_yaml() {
    let mut plan = the_rest();
    plan.pipelines[0].run.required[0].ty = "odd\ntype: [".into();
    plan.pipelines[0].cause = at(1);
    let files = files(&plan);
    let run = files.iter().find(|file| file.path == "run.shape-it.yaml").unwrap();
    let list: String = run
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("#   "))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(documents(&list), documents("params: [{name: 'on', value: ''}]"));
    assert_eq!(documents(&run.text).len(), 1, "{}", run.text);
}

#[test]
fn the_list_of_targets_is_the_list_of_folders() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/targets");
    let mut folders: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let mut names: Vec<&str> = targets::ALL.iter().map(|target| target.name()).collect();
    names.sort_unstable();
    assert_eq!(names, folders);
}
