//! Number tokens: integers, floats and literals with units, read exactly.

use std::fmt;

use ecow::EcoString;

/// What a number token stands for.
#[derive(Clone, PartialEq, Debug)]
pub enum Number {
    /// `12`, `1_000`
    Int(i64),
    /// `0.5`, `1e-4`
    Float(f64),
    /// `30min`, `1h30min`, `2.5Gi`: each value with its unit, in source order.
    Unit(Vec<(Decimal, EcoString)>),
}

/// A decimal number: `digits` × 10^-`scale`, without trailing zeros behind the point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decimal {
    /// The digits as an integer.
    pub digits: i64,
    /// How many of them stand behind the point.
    pub scale: u32,
}

impl Decimal {
    /// `self` × `factor`, if the product is an integer that fits.
    #[must_use]
    pub fn times(self, factor: i128) -> Option<i128> {
        let product = i128::from(self.digits).checked_mul(factor)?;
        let divisor = 10_i128.checked_pow(self.scale)?;
        (product % divisor == 0).then_some(product / divisor)
    }
}

/// Why a token is no number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NumberError {
    /// An integer that does not fit 64 bits, or a float that is infinite.
    TooLarge(EcoString),
    /// A unit that the language does not have.
    UnknownUnit(EcoString),
    /// Digits, points and underscores in an order that is no number.
    Malformed(EcoString),
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(text) => write!(f, "the number `{text}` is too large"),
            Self::UnknownUnit(unit) => write!(f, "`{unit}` is no unit"),
            Self::Malformed(text) => write!(f, "`{text}` is no number"),
        }
    }
}

impl NumberError {
    /// What to write instead.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::TooLarge(_) => Some(format!("integers reach from {} to {}", i64::MIN, i64::MAX)),
            Self::UnknownUnit(unit) => Some(match meant(unit) {
                Some(known) => format!("did you mean `{known}`?"),
                None => UNIT_HELP.to_owned(),
            }),
            Self::Malformed(_) => {
                Some("numbers look like `12`, `1_000`, `0.5`, `1e-4` or `1h30min`".to_owned())
            }
        }
    }
}

/// Every unit: durations, `m` for minutes or thousandths, decimal and binary multiples.
pub static UNITS: &[&str] =
    &["ms", "s", "min", "m", "h", "d", "k", "M", "G", "T", "P", "Ki", "Mi", "Gi", "Ti", "Pi"];

const UNIT_HELP: &str = "durations are written with `ms`, `s`, `min`, `h`, `d`, memory with `Ki`, `Mi`, `Gi`, `Ti`, \
                         CPU with `m`";

/// The unit that is probably meant: in another case, or with one letter wrong.
fn meant(unit: &str) -> Option<&'static str> {
    let units = || UNITS.iter().copied();
    let like = |known: &&str| known.len() == unit.len() && known.chars().next() == unit.chars().next();
    units()
        .find(|known| known.eq_ignore_ascii_case(unit))
        .or_else(|| fuse_base::closest(unit, units().filter(like)))
        .or_else(|| fuse_base::closest(unit, units()))
}

/// Reads a number token.
///
/// # Errors
///
/// If the token is malformed, too large or has a unit that the language lacks.
pub fn parse(text: &str) -> Result<Number, NumberError> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map(Number::Int).map_err(|_| NumberError::TooLarge(text.into()));
    }
    let malformed = || NumberError::Malformed(text.into());
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'.'));
    if plain || is_exponent(text) {
        return plain_number(text).ok_or_else(malformed)?;
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let digits =
            rest.bytes().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'.')).count();
        let (value, tail) = rest.split_at(digits);
        let letters = tail.bytes().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (unit, tail) = tail.split_at(letters);
        let value = decimal(value).ok_or_else(malformed)?;
        if unit.is_empty() {
            return Err(malformed());
        }
        if !UNITS.contains(&unit) {
            return Err(NumberError::UnknownUnit(unit.into()));
        }
        parts.push((value.ok_or_else(|| NumberError::TooLarge(text.into()))?, unit.into()));
        rest = tail;
    }
    Ok(Number::Unit(parts))
}

/// Whether a token is a number with an exponent: `1e-4`, `2.5E3`.
fn is_exponent(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && mantissa.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'.'))
}

/// A number without unit; `None` where underscores stand in odd places.
fn plain_number(text: &str) -> Option<Result<Number, NumberError>> {
    if !underscores_between_digits(text) {
        return None;
    }
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    let too_large = || NumberError::TooLarge(text.into());
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(digits.parse().map(Number::Int).map_err(|_| too_large()));
    }
    let value: f64 = digits.parse().ok()?;
    Some(if value.is_finite() { Ok(Number::Float(value)) } else { Err(too_large()) })
}

/// A decimal; the outer `None` is malformed, the inner one too large.
fn decimal(text: &str) -> Option<Option<Decimal>> {
    if text.is_empty() || !underscores_between_digits(text) {
        return None;
    }
    let clean: String = text.chars().filter(|c| *c != '_').collect();
    let (whole, fraction) = clean.split_once('.').unwrap_or((clean.as_str(), ""));
    if whole.is_empty() || fraction.contains('.') {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let digits = format!("{whole}{fraction}").parse().ok();
    let scale = u32::try_from(fraction.len()).ok();
    Some(digits.zip(scale).map(|(digits, scale)| Decimal { digits, scale }))
}

fn underscores_between_digits(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().all(|(at, byte)| {
        let digit = |place: Option<usize>| {
            place
                .and_then(|place| bytes.get(place))
                .is_some_and(|byte| byte.is_ascii_digit() || *byte == b'_')
        };
        *byte != b'_' || (digit(at.checked_sub(1)) && digit(Some(at + 1)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(parts: &[(i64, u32, &str)]) -> Number {
        let part = |(digits, scale, unit): &(i64, u32, &str)| {
            (Decimal { digits: *digits, scale: *scale }, EcoString::from(*unit))
        };
        Number::Unit(parts.iter().map(part).collect())
    }

    #[test]
    fn integers_and_floats() {
        assert_eq!(parse("0"), Ok(Number::Int(0)));
        assert_eq!(parse("1_000"), Ok(Number::Int(1000)));
        assert_eq!(parse("9223372036854775807"), Ok(Number::Int(i64::MAX)));
        assert_eq!(parse("0.5"), Ok(Number::Float(0.5)));
        assert_eq!(parse("1e-4"), Ok(Number::Float(1e-4)));
        assert_eq!(parse("2.5E3"), Ok(Number::Float(2500.0)));
    }

    #[test]
    fn units_are_exact() {
        assert_eq!(parse("30min"), Ok(unit(&[(30, 0, "min")])));
        assert_eq!(parse("1h30min"), Ok(unit(&[(1, 0, "h"), (30, 0, "min")])));
        assert_eq!(parse("2.50Gi"), Ok(unit(&[(25, 1, "Gi")])));
        assert_eq!(parse("500m"), Ok(unit(&[(500, 0, "m")])));
        assert_eq!(Decimal { digits: 25, scale: 1 }.times(1024), Some(2560));
        assert_eq!(Decimal { digits: 1, scale: 1 }.times(1024), None);
    }

    #[test]
    fn what_is_no_number_says_why() {
        assert_eq!(parse("9223372036854775808"), Err(NumberError::TooLarge("9223372036854775808".into())));
        assert_eq!(parse("1e999"), Err(NumberError::TooLarge("1e999".into())));
        assert_eq!(parse("2Gx"), Err(NumberError::UnknownUnit("Gx".into())));
        assert_eq!(parse("1h30"), Err(NumberError::Malformed("1h30".into())));
        assert_eq!(parse("1__"), Err(NumberError::Malformed("1__".into())));
        assert_eq!(parse("12_min"), Err(NumberError::Malformed("12_min".into())));
        assert_eq!(NumberError::UnknownUnit("GI".into()).help().as_deref(), Some("did you mean `Gi`?"));
        assert_eq!(
            parse("99999999999999999999Gi"),
            Err(NumberError::TooLarge("99999999999999999999Gi".into()))
        );
    }
}
