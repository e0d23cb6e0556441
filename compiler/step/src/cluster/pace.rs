//! How often and how long an API server is asked.

use std::time::Duration;

use crate::failure::Failure;

/// Pauses and patience.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The first pause between two requests; the next ones are twice as long each.
    pub(crate) first: Duration,
    /// The longest pause.
    pub(crate) longest: Duration,
    /// How long one request may take.
    pub(crate) request: Duration,
    /// How long a request is made again that the API server could not answer.
    pub(crate) patience: Duration,
}

impl Pace {
    /// What a cluster bears, or `FUSE_PACE` (milliseconds in the order of the fields) for tests.
    ///
    /// # Errors
    /// `FUSE_PACE` is not four numbers.
    pub(crate) fn from_env() -> Result<Self, Failure> {
        let Some(text) = std::env::var_os("FUSE_PACE") else {
            let seconds = Duration::from_secs;
            let [first, longest, request, patience] = [2, 10, 30, 120].map(seconds);
            return Ok(Self { first, longest, request, patience });
        };
        let parts: Option<Vec<u64>> =
            text.to_str().and_then(|text| text.split(' ').map(|part| part.parse().ok()).collect());
        let Some([first, longest, request, patience]) = parts.as_deref() else {
            return Err(Failure::new("FUSE_PACE is not four numbers of milliseconds"));
        };
        let [first, longest, request, patience] =
            [first, longest, request, patience].map(|part| Duration::from_millis(*part));
        Ok(Self { first, longest, request, patience })
    }

    /// The pauses, without end.
    pub(crate) fn pauses(self) -> impl Iterator<Item = Duration> {
        std::iter::successors(Some(self.first), move |pause| Some(pause.saturating_mul(2)))
            .map(move |pause| pause.min(self.longest))
    }
}

/// A span of time for messages: `2 min`, `30 s`, `500 ms`.
pub(crate) fn shown(span: Duration) -> String {
    let millis = span.as_millis();
    if millis > 0 && millis.is_multiple_of(60_000) {
        format!("{} min", millis / 60_000)
    } else if millis.is_multiple_of(1_000) {
        format!("{} s", millis / 1_000)
    } else {
        format!("{millis} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let pace = Pace {
            first: Duration::from_secs(2),
            longest: Duration::from_secs(10),
            request: Duration::ZERO,
            patience: Duration::ZERO,
        };
        let pauses: Vec<u64> = pace.pauses().take(5).map(|pause| pause.as_secs()).collect();
        assert_eq!(pauses, [2, 4, 8, 10, 10]);
        assert!(pace.pauses().nth(200) == Some(Duration::from_secs(10)));
        assert_eq!(shown(Duration::from_secs(120)), "2 min");
        assert_eq!(shown(Duration::from_millis(500)), "500 ms");
        assert_eq!(shown(Duration::ZERO), "0 s");
    }
}
