//! Confidence intervals of rates.

/// Returns Jeffreys' interval of a rate, after `hits` in `trials`. `outside` is the probability
/// outside the interval on each side. The lower end is 0 without hits, and the upper end 1 without
/// misses (Brown, Cai, DasGupta, "Interval Estimation for a Binomial Proportion", 2001). Hits may
/// be fractions.
#[must_use]
pub fn jeffreys(hits: f64, trials: f64, outside: f64) -> (f64, f64) {
    let misses = (trials - hits).max(0.0);
    let (a, b) = (hits + 0.5, misses + 0.5);
    let low = if hits > 0.0 { quantile(a, b, outside) } else { 0.0 };
    let high = if misses > 0.0 { quantile(a, b, 1.0 - outside) } else { 1.0 };
    (low, high)
}

/// Returns the value below which a beta distribution has the given share of its probability.
fn quantile(a: f64, b: f64, share: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if beta_below(a, b, middle) < share {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// Returns the regularized incomplete beta function, by its continued fraction (DLMF 8.17.22).
fn beta_below(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    // The fraction converges quickly below the mean; the function is symmetric.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_below(b, a, 1.0 - x);
    }
    let front = a * x.ln() + b * (1.0 - x).ln() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b);
    front.exp() / a / continued_fraction(a, b, x)
}

/// Evaluates 1 + d1/(1 + d2/(1 + …)), from the inside.
fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    let term = |n: u32| {
        let m = f64::from(n / 2);
        if n.is_multiple_of(2) {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        }
    };
    (1..=400).rev().fold(1.0, |inner, n| 1.0 + term(n) / inner)
}

/// Returns the logarithm of the gamma function of a positive number, by Stirling's series.
fn ln_gamma(x: f64) -> f64 {
    if x < 10.0 {
        return ln_gamma(x + 1.0) - x.ln();
    }
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1260.0 * x.powi(5));
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_near(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-4
    }

    #[test]
    fn intervals_are_the_published_ones() {
        // R: qbeta(c(0.025, 0.975), 3.5, 7.5) and qbeta(0.975, 0.5, 10.5).
        let (low, high) = jeffreys(3.0, 10.0, 0.025);
        assert!(is_near(low, 0.09269) && is_near(high, 0.60577), "{low} {high}");
        let (low, high) = jeffreys(0.0, 10.0, 0.025);
        assert!(low == 0.0 && is_near(high, 0.21720), "{low} {high}");
    }

    #[test]
    fn the_beta_distribution_with_whole_parameters_is_the_binomial_one() {
        // P(B(5, 0.3) >= 2) = 1 - 0.7^5 - 5 * 0.3 * 0.7^4.
        assert!(is_near(beta_below(2.0, 4.0, 0.3), 1.0 - 0.7f64.powi(5) - 1.5 * 0.7f64.powi(4)));
        assert!(is_near(beta_below(4.0, 2.0, 0.7), 0.7f64.powi(5) + 1.5 * 0.7f64.powi(4)));
    }
}
