//! Numbers that were measured several times.

use serde::Serialize;

/// One number: what it was in the middle, at the least and at the most.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Figure {
    /// Of at least one number.
    pub(crate) fn of(values: &[f64]) -> Self {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        let at = |n: usize| values.get(n).copied().unwrap_or(f64::NAN);
        Self { median: at(values.len() / 2), least: at(0), most: at(values.len().saturating_sub(1)) }
    }

    /// How many times as much one is as the other, turn by turn: a machine that is slow for a while is so for both.
    pub(crate) fn ratio(numerators: &[f64], denominators: &[f64]) -> Self {
        let ratios: Vec<_> = numerators.iter().zip(denominators).map(|(one, other)| one / other).collect();
        Self::of(&ratios)
    }
}

/// The number that so many of a hundred do not exceed.
pub(crate) fn percentile(values: &[f64], hundredths: usize) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let place = (values.len() * hundredths).div_ceil(100).saturating_sub(1);
    values.get(place).copied().unwrap_or(f64::NAN)
}
