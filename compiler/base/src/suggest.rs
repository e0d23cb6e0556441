//! Names that are close to a misspelt one.

/// The candidate closest to `name`, if it is close enough to be meant: at most a third of the letters differ.
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count().max(3)) / 3;
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| {
            *distance <= limit && *distance < candidate.chars().count().max(name.chars().count())
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// A help line that names the closest candidate, or lists the candidates when they are few.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut all: Vec<&str> = candidates.into_iter().collect();
    if let Some(found) = closest(name, all.iter().copied()) {
        return Some(format!("did you mean `{found}`?"));
    }
    all.sort_unstable();
    all.dedup();
    match all.as_slice() {
        [] => None,
        [only] => Some(format!("there is only `{only}`")),
        few if few.len() <= 12 => Some(format!("there are `{}`", few.join("`, `"))),
        [..] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_found_and_far_ones_are_not() {
        assert_eq!(closest("mlfow", ["mlflow", "kserve"]), Some("mlflow"));
        assert_eq!(closest("rsme", ["rmse", "r2"]), Some("rmse"));
        assert_eq!(closest("alpha", ["beta", "gamma"]), None);
        assert_eq!(closest("x", ["y"]), None);
        assert_eq!(did_you_mean("zzz", ["b", "a"]).as_deref(), Some("there are `a`, `b`"));
    }
}
