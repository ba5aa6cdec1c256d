//! Medians and quartiles.

/// The middle of some samples and of their halves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quartiles {
    pub first: f64,
    pub median: f64,
    pub third: f64,
}

impl Quartiles {
    /// The quartiles of `samples`, interpolated between neighbours; of none, not a number.
    pub fn of(samples: impl IntoIterator<Item = f64>) -> Quartiles {
        let mut sorted: Vec<f64> = samples.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        Quartiles {
            first: quantile(&sorted, 0.25),
            median: quantile(&sorted, 0.5),
            third: quantile(&sorted, 0.75),
        }
    }
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = share * last as f64;
    let below = place.floor();
    let (lower, upper) = (sorted[below as usize], sorted[place.ceil() as usize]);
    lower + (upper - lower) * (place - below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_lie_between_neighbours() {
        let quartiles = Quartiles::of([4.0, 1.0, 3.0, 2.0]);
        let expected = Quartiles {
            first: 1.75,
            median: 2.5,
            third: 3.25,
        };
        assert_eq!(quartiles, expected);
    }
}
