//! The probability of coincidences.

/// Returns an upper bound (Chernoff) on the probability of at least `hits` agreements among
/// `tries`, where each try agrees with probability `each`.
pub(crate) fn at_least(hits: usize, tries: usize, each: f64) -> f64 {
    let share = hits as f64 / tries as f64;
    if share <= each {
        return 1.0;
    }
    let rest = if share < 1.0 { (1.0 - share) * ((1.0 - share) / (1.0 - each)).ln() } else { 0.0 };
    (-(tries as f64) * (share * (share / each).ln() + rest)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_slightly_above_the_exact_value() {
        assert!((at_least(3, 3, 0.5) - 0.125).abs() < 1e-12, "all of three");
        assert!((at_least(1, 100, 0.5) - 1.0).abs() < f64::EPSILON, "fewer than expected");
        let six_of_ten = at_least(6, 10, 0.1);
        assert!((1.5e-4..2e-3).contains(&six_of_ten), "{six_of_ten}");
    }
}
