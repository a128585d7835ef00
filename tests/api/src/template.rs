//! `template.yaml`, as far as stories ask it.

use std::collections::BTreeMap;

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};

/// A node of the template.
#[derive(Clone)]
pub struct Node(Yaml<'static>);

impl Node {
    /// The whole template.
    #[must_use]
    pub fn template() -> Self {
        let text: &'static str = include_str!("../../../template.yaml");
        Self(Yaml::load_from_str(text).expect("YAML").remove(0))
    }

    /// The node below its tag, if it has one.
    fn untagged(&self) -> &Yaml<'static> {
        match &self.0 {
            Yaml::Tagged(_, inner) => inner,
            other => other,
        }
    }

    /// Names and nodes of a mapping; nothing if it is none.
    #[must_use]
    pub fn entries(&self) -> Vec<(String, Self)> {
        let Yaml::Mapping(map) = self.untagged() else { return Vec::new() };
        map.iter().map(|(name, value)| (Self(name.clone()).text(), Self(value.clone()))).collect()
    }

    /// The nodes of a sequence; a node that is none stands for a sequence of itself.
    #[must_use]
    pub fn items(&self) -> Vec<Self> {
        match self.untagged() {
            Yaml::Sequence(items) => items.iter().cloned().map(Self).collect(),
            _ => vec![self.clone()],
        }
    }

    /// The text of a scalar.
    #[must_use]
    pub fn text(&self) -> String {
        match self.untagged() {
            Yaml::Value(Scalar::Integer(number)) => number.to_string(),
            Yaml::Value(Scalar::String(text)) | Yaml::Representation(text, _, _) => text.to_string(),
            other => panic!("no text: {other:?}"),
        }
    }

    /// The node at a path; an empty one if there is none.
    #[must_use]
    pub fn get(&self, path: &[&str]) -> Self {
        path.iter().fold(self.clone(), |node, name| {
            let found = node.entries().into_iter().find(|(key, _)| key == name);
            found.map_or(Self(Yaml::Value(Scalar::Null)), |(_, value)| value)
        })
    }
}

/// The functions of the template: the binary's name and the properties.
#[must_use]
pub fn functions() -> BTreeMap<String, Node> {
    let resources = Node::template().get(&["Resources"]).entries().into_iter().map(|(_, resource)| resource);
    let functions =
        resources.filter(|resource| resource.get(&["Type"]).text() == "AWS::Serverless::Function");
    functions
        .map(|f| (f.get(&["Metadata", "BuildProperties", "Binary"]).text(), f.get(&["Properties"])))
        .collect()
}
