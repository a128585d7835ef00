//! Random sequences of file operations, against a model that anybody can check by eye.

use std::collections::{BTreeMap, BTreeSet};

use api::{Person, story};
use http::Method;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

/// What somebody may do. Paths are made of few names, so that operations meet.
#[derive(Clone, Debug)]
enum Operation {
    Upload { folder: String, name: String, content: u8 },
    Put { path: String, content: u8 },
    MakeFolder { path: String },
    Transfer { moves: bool, from: String, to: String },
    Delete { path: String },
    Read { path: String },
    List { path: String },
}

/// Files by path, and folders that exist even when empty. The root always does.
#[derive(Default)]
struct Model {
    files: BTreeMap<String, u8>,
    folders: BTreeSet<String>,
}

fn parents(path: &str) -> impl Iterator<Item = String> {
    path.match_indices('/').map(|(at, _)| path[..at].to_owned())
}

impl Model {
    fn is_folder(&self, path: &str) -> bool {
        path.is_empty() || self.folders.contains(path)
    }

    fn upload(&mut self, folder: &str, name: &str, content: u8) -> u16 {
        let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        if self.is_folder(&path) || parents(&path).any(|parent| self.files.contains_key(&parent)) {
            return 409;
        }
        self.folders.extend(parents(&path));
        self.files.insert(path, content);
        200
    }

    fn put(&mut self, path: &str, content: u8) -> u16 {
        match path.rsplit_once('/') {
            Some((folder, name)) => self.upload(folder, name, content),
            None => self.upload("", path, content),
        }
    }

    fn make_folder(&mut self, path: &str) -> u16 {
        if self.files.contains_key(path) || parents(path).any(|parent| self.files.contains_key(&parent)) {
            return 409;
        }
        self.folders.extend(parents(path).chain([path.to_owned()]));
        200
    }

    /// A copy; of a move the original goes afterwards, and the folder that it was in stays.
    fn transfer(&mut self, moves: bool, from: &str, to: &str) -> u16 {
        let holds = |outer: &str, inner: &str| inner == outer || inner.starts_with(&format!("{outer}/"));
        if holds(from, to) || holds(to, from) {
            return 400;
        }
        if !self.files.contains_key(from) && !self.is_folder(from) {
            return 404;
        }
        let taken = self.files.contains_key(to) || self.is_folder(to);
        if taken || parents(to).any(|parent| self.files.contains_key(&parent)) {
            return 409;
        }
        let there = |path: &String| holds(from, path).then(|| format!("{to}{}", &path[from.len()..]));
        let files: Vec<_> =
            self.files.iter().filter_map(|(path, content)| Some((there(path)?, *content))).collect();
        let folders: Vec<_> = self.folders.iter().filter_map(there).collect();
        if moves {
            self.delete(from);
        }
        self.files.extend(files);
        self.folders.extend(folders.into_iter().chain(parents(to)));
        200
    }

    fn delete(&mut self, path: &str) -> bool {
        if self.files.remove(path).is_some() {
            return true;
        }
        let below = format!("{path}/");
        self.files.retain(|file, _| !file.starts_with(&below));
        self.folders.retain(|folder| !folder.starts_with(&below));
        self.folders.remove(path)
    }
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let name = || prop_oneof![Just("a"), Just("ab"), Just("ä b"), Just("c#1")];
    let path = move |names| proptest::collection::vec(name(), names).prop_map(|names| names.join("/"));
    let operation = prop_oneof![
        4 => (path(0..3), name(), any::<u8>()).prop_map(|(folder, name, content)| Operation::Upload { folder, name: name.into(), content }),
        2 => (path(1..4), any::<u8>()).prop_map(|(path, content)| Operation::Put { path, content }),
        1 => path(1..3).prop_map(|path| Operation::MakeFolder { path }),
        4 => (any::<bool>(), path(1..3), path(1..4)).prop_map(|(moves, from, to)| Operation::Transfer { moves, from, to }),
        2 => path(1..4).prop_map(|path| Operation::Delete { path }),
        2 => path(1..4).prop_map(|path| Operation::Read { path }),
        2 => path(0..3).prop_map(|path| Operation::List { path }),
    ];
    proptest::collection::vec(operation, 40)
}

fn encode(path: &str) -> String {
    path.replace('ä', "%C3%A4").replace(' ', "%20").replace('#', "%23")
}

/// The files and folders of a listing, by full path.
fn flatten(node: &Value, prefix: &str, model: &mut Model) {
    for child in node["children"].as_array().expect("a list") {
        let path = format!("{prefix}{}", child["fileName"].as_str().expect("a name"));
        if child["open"] == true {
            flatten(child, &format!("{path}/"), model);
            model.folders.insert(path);
        } else {
            model.files.insert(path, 0);
        }
    }
}

async fn apply(person: &Person, model: &mut Model, operation: &Operation) {
    match operation {
        Operation::Upload { folder, name, content } => {
            let expected = model.upload(folder, name, *content);
            person.upload(&encode(folder), &[(name, &[*content])]).await.is(expected);
        }
        Operation::Put { path, content } => {
            let expected = model.put(path, *content);
            let path = format!("files/{}", encode(path));
            person.send(Method::PUT, &path, &[], vec![*content]).await.is(expected);
        }
        Operation::MakeFolder { path } => {
            let expected = model.make_folder(path);
            let path = format!("files/{}?mkdir", encode(path));
            person.send(Method::POST, &path, &[], Vec::new()).await.is(expected);
        }
        Operation::Transfer { moves, from, to } => {
            let expected = model.transfer(*moves, from, to);
            let verb = if *moves { "move" } else { "copy" };
            let path = format!("files/{}?{verb}={}", encode(from), encode(to));
            person.send(Method::POST, &path, &[], Vec::new()).await.is(expected);
        }
        Operation::Delete { path } => {
            let answer = person.delete(&format!("files/{}", encode(path))).await.is(200);
            assert_eq!(answer.json()["ok"], model.delete(path));
        }
        Operation::Read { path } => {
            let answer = person.get(&format!("files/{}", encode(path))).await;
            match (model.files.get(path), model.is_folder(path)) {
                (Some(content), _) => assert_eq!(answer.is(200).body.as_ref(), [*content]),
                (None, true) => assert_eq!(answer.is(200).json()["fileName"], format!("/{path}")),
                (None, false) => drop(answer.fails(404)),
            }
        }
        Operation::List { path } => {
            let answer = person.get(&format!("files/{}/", encode(path)).replace("//", "/")).await;
            if let Some(content) = model.files.get(path) {
                assert_eq!(answer.is(200).body.as_ref(), [*content]);
                return;
            }
            if !model.is_folder(path) {
                answer.fails(404);
                return;
            }
            let (mut listed, below) =
                (Model::default(), if path.is_empty() { String::new() } else { format!("{path}/") });
            flatten(&answer.is(200).json(), &below, &mut listed);
            let expected_files: Vec<_> = model.files.keys().filter(|file| file.starts_with(&below)).collect();
            let expected_folders: Vec<_> =
                model.folders.iter().filter(|folder| folder.starts_with(&below)).collect();
            assert_eq!(listed.files.keys().collect::<Vec<_>>(), expected_files);
            assert_eq!(listed.folders.iter().collect::<Vec<_>>(), expected_folders);
        }
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "a run that fails shows its way")]
fn files_behave_like_a_simple_model() {
    let mut runner = TestRunner::new(Config::default());
    let sequences: Vec<_> =
        (0..8).map(|_| operations().new_tree(&mut runner).expect("a sequence").current()).collect();
    story(async |app| {
        for operations in &sequences {
            let (person, mut model) = (app.signed_in("model").await, Model::default());
            for (step, operation) in operations.iter().enumerate() {
                println!("{step}: {operation:?}");
                apply(&person, &mut model, operation).await;
            }
            let usage = person.get("usage").await.is(200).json();
            assert_eq!(usage["data"]["files_used"], model.files.len());
            assert_eq!(usage["data"]["bytes_used"], model.files.len(), "each has one byte");
        }
    });
}
