//! Parameters as Tasks and Pipelines declare them.

use fuse_plan::model::{ParamDecl, ParamKind, Text as Value};
use serde::Serialize;

use crate::yaml::Text;

#[derive(Serialize)]
pub(super) struct Param<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    ty: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<ParamValue<'a>>,
}

impl<'a> Param<'a> {
    pub(super) fn all(params: &'a [ParamDecl]) -> Vec<Self> {
        let param = |param: &'a ParamDecl| Self {
            name: &param.name,
            ty: kind(param.kind),
            description: param.description.as_deref().map(Text),
            default: param.default.as_ref().map(ParamValue::of),
        };
        params.iter().map(param).collect()
    }
}

/// The word for a type of parameters and results.
pub(super) const fn kind(kind: ParamKind) -> &'static str {
    match kind {
        ParamKind::String => "string",
        ParamKind::Array => "array",
    }
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ParamValue<'a> {
    One(Text<'a>),
    Many(Vec<Text<'a>>),
}

impl<'a> ParamValue<'a> {
    pub(super) fn of(value: &'a Value) -> Self {
        match value {
            Value::One(text) => Self::One(Text(text)),
            Value::Many(texts) => Self::Many(texts.iter().map(|text| Text(text)).collect()),
        }
    }
}
