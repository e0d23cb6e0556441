//! One owner for each object: no two of `deploy` and `apply` write the same one, unless only one of them can run.

use fuse_base::{Diagnostic, Span, codes};

use crate::cx::Cx;
use crate::lower::{Lowered, Object, exclusive};
use crate::model::Deploy;

pub(crate) fn check(cx: &Cx<'_>, lowered: &[Lowered], deploys: &[(Deploy, Object)]) {
    let mut all: Vec<(&Object, &[crate::lower::GuardSpec], usize, Span)> = Vec::new();
    for (at, one) in lowered.iter().enumerate() {
        for owned in &one.objects {
            all.push((&owned.object, &owned.guards, at, owned.cause));
        }
    }
    for (deploy, object) in deploys {
        all.push((object, &[], lowered.len(), deploy.cause));
    }
    for (at, (object, guards, pipeline, span)) in all.iter().enumerate() {
        let same = all.iter().take(at).find(|(other, theirs, owner, _)| {
            other == object && !(owner == pipeline && exclusive(theirs, guards))
        });
        let Some((.., first)) = same else { continue };
        let message = format!("the {} `{}` is written here and elsewhere", object.kind, object.name);
        let diagnostic = Diagnostic::new(&codes::plan::TWO_OWNERS, *span, message)
            .label(*first, "the other one")
            .help("give one of them another name; two arms of one condition may share a name");
        cx.report(diagnostic);
    }
}
