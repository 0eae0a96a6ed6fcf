//! The inputs of the scorer: what each method reports about one candidate, as numbers with names.

use super::history::SharedAttribute;

/// What natural logarithms of probabilities are divided by, so that they range from about -1 to 0: the least
/// probability that occurs is 1e-4, whose logarithm is -9.2.
pub(crate) const LOG_SCALE: f32 = 9.0;

/// The least probability whose logarithm is taken.
const MIN_PROBABILITY: f32 = 1e-4;

/// One number about a candidate. The order is that of the inputs of the scorer, whose weights are saved in models: a
/// signal that is added, removed or moved makes models of older versions unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Logarithm of the network's probability, divided by [`LOG_SCALE`].
    NetworkLog,
    /// The network's probability.
    Network,
    /// 1 if the network finds no other value more probable.
    NetworkIsBest,
    /// The network's probability, minus that of its most probable other value.
    NetworkMargin,
    /// Share of the votes of the nearest neighbors.
    NeighborVote,
    /// The same, times the similarity of the nearest one.
    NeighborVoteBySimilarity,
    /// Similarity of the nearest neighbor.
    NeighborSimilarity,
    /// Reliability of the best copy that gives this value.
    Copy,
    /// Reliability of the best copy that gives another value.
    CopyOfOther,
    /// 1 if a word of the resource is a synonym of this value.
    Synonym,
    /// 1 if a word of the resource is a synonym of another value.
    SynonymOfOther,
    /// 1 if this is the only value of which a word of the resource is a synonym.
    OnlySynonym,
    /// 1 for a value that no class stands for.
    IsNew,
    /// Logarithm of how many resources have the value, divided by 10.
    LogFrequency,
    /// 1 for the candidate that stands for none of the others.
    IsNoneOfThese,
    /// Share of the resource's features that training saw.
    KnownShare,
    /// The network's probability of class 0.
    NetworkNone,
    /// Share of the value among resources of the same account, and the two below for each [`SharedAttribute`].
    AccountShare,
    AccountAmount,
    ContextShare,
    ContextAmount,
    FamilyShare,
    FamilyAmount,
    NameShare,
    NameAmount,
    WordsShare,
    WordsAmount,
    StartShare,
    StartAmount,
    TagShare,
    TagAmount,
    /// The greatest share of the value among resources that share anything.
    BestShare,
    /// 1 if resources of the same family had the tag.
    FamilySeen,
    /// Always 1.
    Bias,
    /// Logarithm of the probability of logistic regression on features, divided by [`LOG_SCALE`].
    FeatureRegressionLog,
    FeatureRegression,
    FeatureRegressionIsBest,
    /// The same of logistic regression on letter n-grams of resources without their tags.
    NgramRegressionLog,
    NgramRegression,
    NgramRegressionIsBest,
    /// Reliability of known values that occur in the words of an account, a name or a context: this value.
    Mention,
    /// The same of another value.
    MentionOfOther,
}

/// Number of [`Signal`]s.
pub(crate) const SIGNALS: usize = Signal::MentionOfOther as usize + 1;

impl Signal {
    /// Returns the signals about what resources that share an attribute have: the share of the value among them, from 0
    /// to 1, and the logarithm of how many there are, divided by 8.
    pub(crate) fn of_history(attribute: SharedAttribute) -> [Self; 2] {
        match attribute {
            SharedAttribute::Account => [Self::AccountShare, Self::AccountAmount],
            SharedAttribute::Context => [Self::ContextShare, Self::ContextAmount],
            SharedAttribute::Family => [Self::FamilyShare, Self::FamilyAmount],
            SharedAttribute::Name => [Self::NameShare, Self::NameAmount],
            SharedAttribute::Words => [Self::WordsShare, Self::WordsAmount],
            SharedAttribute::Start => [Self::StartShare, Self::StartAmount],
            SharedAttribute::Tag => [Self::TagShare, Self::TagAmount],
        }
    }
}

/// The [`Signal`]s of one candidate, numbers from about -1 to 1; 0 if a method reports nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Signals([f32; SIGNALS]);

impl Default for Signals {
    fn default() -> Self {
        Self([0.0; SIGNALS])
    }
}

impl Signals {
    pub(crate) fn get(&self, signal: Signal) -> f32 {
        self.0.get(signal as usize).copied().unwrap_or_default()
    }

    pub(crate) fn set(&mut self, signal: Signal, value: f32) {
        if let Some(slot) = self.0.get_mut(signal as usize) {
            *slot = value;
        }
    }

    /// Sets a signal to 1 or 0.
    pub(crate) fn flag(&mut self, signal: Signal, is_set: bool) {
        self.set(signal, f32::from(is_set));
    }

    /// Sets a signal to the scaled logarithm of a probability. Probabilities below 1e-4 count as 1e-4, since the
    /// logarithm of 0 would outweigh all else.
    pub(crate) fn log(&mut self, signal: Signal, probability: f32) {
        self.set(signal, probability.max(MIN_PROBABILITY).ln() / LOG_SCALE);
    }

    /// Returns the signals in the order of [`Signal`].
    pub(crate) fn as_slice(&self) -> &[f32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Saved models have one weight for each signal, in this order.
    #[test]
    fn the_signals_of_saved_models_keep_their_places() {
        let places = [
            (Signal::NetworkLog, 0),
            (Signal::NeighborVote, 4),
            (Signal::Synonym, 9),
            (Signal::OnlySynonym, 11),
            (Signal::IsNoneOfThese, 14),
            (Signal::AccountShare, 17),
            (Signal::TagAmount, 30),
            (Signal::Bias, 33),
            (Signal::FeatureRegressionLog, 34),
            (Signal::NgramRegressionLog, 37),
            (Signal::MentionOfOther, 41),
        ];
        for (signal, place) in places {
            assert_eq!(signal as usize, place, "{signal:?}");
        }
        assert_eq!(SIGNALS, 42);
        let mut signals = Signals::default();
        for (number, attribute) in SharedAttribute::ALL.into_iter().enumerate() {
            let [share, amount] = Signal::of_history(attribute);
            assert_eq!((share as usize, amount as usize), (17 + 2 * number, 18 + 2 * number));
            signals.set(share, 0.5);
        }
        assert_eq!(signals.as_slice().iter().filter(|signal| **signal > 0.0).count(), 7);
    }
}
