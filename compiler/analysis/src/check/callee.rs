//! What a call needs of what it calls: a task, a resource, a pipeline or a member of a capability.

use ecow::EcoString;
use fuse_base::Span;

use super::Checker;
use super::generics::{BoundView, GenericView, views};
use crate::model::{Callee, Kind, Output, Param, Signature};
use crate::ty::{RecordTy, Ty};

/// A parameter, as a call needs it.
#[derive(Clone)]
pub(super) struct ParamView {
    pub(super) name: EcoString,
    pub(super) ty: Ty,
    pub(super) constant: bool,
    pub(super) optional: bool,
    /// The case that it has where it is left out.
    pub(super) case: Option<EcoString>,
    /// Which `use` parameter it is.
    pub(super) used: Option<usize>,
    pub(super) span: Span,
}

/// An output, as a call needs it.
pub(super) struct OutputView {
    pub(super) name: EcoString,
    pub(super) ty: Ty,
    pub(super) span: Span,
}

/// What can be called, seen from a call.
pub(super) struct Face {
    pub(super) name: EcoString,
    pub(super) span: Span,
    pub(super) generics: Vec<GenericView>,
    pub(super) params: Vec<ParamView>,
    pub(super) outputs: Vec<OutputView>,
    pub(super) single: bool,
}

pub(super) fn param_views(params: &[Param]) -> Vec<ParamView> {
    let case = |param: &Param| match &param.default.as_ref()?.kind {
        Kind::Value(value) => value.text(),
        _ => None,
    };
    params
        .iter()
        .map(|param| ParamView {
            name: param.name.clone(),
            ty: param.ty.clone(),
            constant: param.constant,
            optional: param.default.is_some() || matches!(param.ty, Ty::Optional(_)),
            case: case(param),
            used: None,
            span: param.span,
        })
        .collect()
}

/// The fields of a record, as a call that makes one needs them.
pub(super) fn field_views(record: &RecordTy) -> Vec<ParamView> {
    let fields = record.fields.iter();
    fields
        .map(|field| ParamView {
            name: field.name.clone(),
            ty: field.ty.clone(),
            constant: false,
            optional: matches!(field.ty, Ty::Optional(_)),
            case: None,
            used: None,
            span: field.span,
        })
        .collect()
}

impl ParamView {
    /// Whether a call must give it; of a type that was reported nothing is known.
    pub(super) fn demanded(&self) -> bool {
        !self.optional && !self.ty.is_error()
    }
}

fn output_views(outputs: &[Output]) -> Vec<OutputView> {
    let view =
        |output: &Output| OutputView { name: output.name.clone(), ty: output.ty.clone(), span: output.span };
    outputs.iter().map(view).collect()
}

impl Checker<'_> {
    /// The face of a callee; `used` is the `use` parameter through which a member is reached.
    pub(super) fn face(&self, callee: Callee, used: Option<usize>) -> Option<Face> {
        match callee {
            Callee::Task(_) | Callee::Resource(_) => self.package.signature(callee).map(face_of),
            Callee::Member(id) => {
                let mut face = face_of(&self.capability_member_of(id)?.sig);
                for generic in &mut face.generics {
                    if let BoundView::Set(set) = &mut generic.bound
                        && let Kind::Offered(at, _) = &mut set.kind
                    {
                        *at = used.unwrap_or_default();
                    }
                }
                Some(face)
            }
            Callee::Pipeline(id) => {
                let pipeline = self.package.pipeline(id)?;
                let template = self.templates.get(id.0 as usize);
                let mut params = param_views(&pipeline.params);
                let uses = template.map_or(&[][..], |template| template.uses.as_slice());
                for (at, used) in uses.iter().enumerate().rev() {
                    let view = ParamView {
                        name: used.name.clone(),
                        ty: Ty::Json,
                        constant: true,
                        optional: used.default.is_some(),
                        case: None,
                        used: Some(at),
                        span: used.span,
                    };
                    params.insert(used.at.min(params.len()), view);
                }
                Some(Face {
                    name: pipeline.source.clone(),
                    span: pipeline.span,
                    generics: template.map_or_else(Vec::new, |template| views(&template.generics)),
                    params,
                    outputs: output_views(&pipeline.outputs),
                    single: pipeline.single,
                })
            }
        }
    }
}

fn face_of(sig: &Signature) -> Face {
    Face {
        name: sig.name.clone(),
        span: sig.span,
        generics: views(&sig.generics),
        params: param_views(&sig.params),
        outputs: output_views(&sig.outputs),
        single: sig.single,
    }
}
