//! Whether an object is ready: what the conditions in its status say.

use serde_json::Value as Json;

use super::object::Object;
use super::refusal::list;
use crate::values::readable;

/// Conditions that are shown.
const SHOWN: usize = 20;

/// A condition of a status.
struct Condition<'a> {
    name: &'a str,
    status: &'a str,
    reason: &'a str,
    message: &'a str,
    seen: Option<i64>,
}

/// Whether the condition holds for what was applied: a controller that has not looked yet says what was before.
pub(crate) fn is_ready(object: &Json, wanted: &str) -> bool {
    find(object, wanted)
        .is_some_and(|condition| condition.status == "True" && behind(object, &condition).is_none())
}

/// How the condition stands, in one line.
pub(crate) fn standing(object: &Json, wanted: &str) -> String {
    let all = conditions(object);
    let Some(condition) = all.iter().find(|condition| condition.name == wanted) else {
        return if all.is_empty() {
            "its status has no conditions yet".to_owned()
        } else {
            let names = list(all.iter().map(|condition| condition.name).collect::<Vec<_>>().into_iter());
            format!("its status has no condition `{}`; it has {names}", readable(wanted))
        };
    };
    match behind(object, condition) {
        Some((seen, generation)) => format!(
            "{}, but of version {seen} of the object, and {generation} is the one that was applied",
            line(condition)
        ),
        None => line(condition),
    }
}

/// How the condition stands and which others do not hold.
pub(crate) fn report(object: &Json, which: &Object, wanted: &str) -> Vec<String> {
    let mut lines = vec![standing(object, wanted)];
    let all = conditions(object);
    if all.is_empty() {
        lines.push(format!("does the operator run that looks after {}?", which.resource()));
    }
    let others = all.iter().filter(|condition| condition.name != wanted && condition.status == "False");
    lines.extend(others.take(SHOWN).map(line));
    lines
}

fn line(condition: &Condition<'_>) -> String {
    let mut text = format!("{} is {}", readable(condition.name), readable(condition.status));
    for part in [condition.reason, condition.message] {
        if !part.is_empty() {
            text.push_str(": ");
            text.push_str(&readable(part));
        }
    }
    text
}

/// The version that was looked at and the one that is there, where they differ.
fn behind(object: &Json, condition: &Condition<'_>) -> Option<(i64, i64)> {
    let generation = object.pointer("/metadata/generation").and_then(Json::as_i64)?;
    let seen = object.pointer("/status/observedGeneration").and_then(Json::as_i64);
    let seen = [seen, condition.seen].into_iter().flatten().min()?;
    (seen < generation).then_some((seen, generation))
}

fn find<'a>(object: &'a Json, wanted: &str) -> Option<Condition<'a>> {
    conditions(object).into_iter().find(|condition| condition.name == wanted)
}

fn conditions(object: &Json) -> Vec<Condition<'_>> {
    let Some(Json::Array(all)) = object.pointer("/status/conditions") else { return Vec::new() };
    all.iter()
        .filter_map(|condition| {
            let text = |key: &str| condition.get(key).and_then(Json::as_str).unwrap_or_default();
            let name = condition.get("type").and_then(Json::as_str)?;
            let status = condition.get("status").and_then(Json::as_str).unwrap_or("Unknown");
            let seen = condition.get("observedGeneration").and_then(Json::as_i64);
            Some(Condition { name, status, reason: text("reason"), message: text("message"), seen })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(status: &Json) -> Json {
        json!({"metadata": {"generation": 2}, "status": status})
    }

    fn ready(extra: &Json) -> Json {
        let mut condition = json!({"type": "Ready", "status": "True"});
        if let (Some(condition), Some(extra)) = (condition.as_object_mut(), extra.as_object()) {
            condition.extend(extra.clone());
        }
        json!([condition])
    }

    #[test]
    fn only_what_was_applied_counts() {
        let is = |status: &Json| is_ready(&object(status), "Ready");
        assert!(is(&json!({"conditions": ready(&json!({}))})));
        assert!(is(&json!({"observedGeneration": 2, "conditions": ready(&json!({}))})));
        assert!(is(&json!({"observedGeneration": 3, "conditions": ready(&json!({}))})));
        assert!(!is(&json!({"observedGeneration": 1, "conditions": ready(&json!({}))})));
        assert!(!is(
            &json!({"observedGeneration": 2, "conditions": ready(&json!({"observedGeneration": 1}))})
        ));
        assert!(!is(&json!({"conditions": ready(&json!({"status": "False"}))})));
        assert!(!is(&json!({"conditions": ready(&json!({"status": true}))})));
        assert!(!is(&json!({"conditions": [{"type": "Other", "status": "True"}]})));
    }

    #[test]
    fn odd_statuses_are_no_conditions() {
        for status in
            [json!(null), json!({"conditions": {}}), json!({"conditions": [1, null, {}, {"type": 1}]})]
        {
            assert!(!is_ready(&object(&status), "Ready"));
            assert_eq!(standing(&object(&status), "Ready"), "its status has no conditions yet");
        }
        assert_eq!(standing(&json!([]), "Ready"), "its status has no conditions yet");
    }

    #[test]
    fn standing_says_of_which_version() {
        let status = json!({"observedGeneration": 1, "conditions": ready(&json!({}))});
        assert_eq!(
            standing(&object(&status), "Ready"),
            "Ready is True, but of version 1 of the object, and 2 is the one that was applied"
        );
        let status =
            json!({"conditions": [{"type": "A\n", "status": "True"}, {"type": "B", "status": "False"}]});
        assert_eq!(
            standing(&object(&status), "Ready"),
            "its status has no condition `Ready`; it has A\\n, B"
        );
    }
}
