//! Kinds of objects as they stand in urls and in rights.

/// The plural of a kind, as Kubernetes itself guesses it: definitions that keep to the conventions have it.
#[must_use]
pub fn plural(kind: &str) -> String {
    let single = kind.to_lowercase();
    if single == "endpoints" {
        single
    } else if single.ends_with('s') {
        format!("{single}es")
    } else if let Some(stem) = single.strip_suffix('y') {
        format!("{stem}ies")
    } else {
        format!("{single}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_follow_the_convention() {
        assert_eq!(plural("InferenceService"), "inferenceservices");
        assert_eq!(plural("Ingress"), "ingresses");
        assert_eq!(plural("NetworkPolicy"), "networkpolicies");
        assert_eq!(plural("Endpoints"), "endpoints");
    }
}
