//! Which suggestions one answer of a person decides, and which answer teaches most.

use crate::features::resource::Resource;

/// What resources share whose suggestions of the same value one answer decides: account, type, and the name without its digits.
pub fn likeness(resource: &Resource) -> (Option<String>, Option<String>, String) {
    let name = resource.name.as_deref().unwrap_or(&resource.id);
    let name = name.chars().filter(|c| !c.is_ascii_digit()).collect();
    (resource.account.clone(), resource.type_.clone(), name)
}

/// Returns how much an answer teaches that decides suggestions with these probabilities, in bits: how uncertain they are
/// together.
pub fn information(probabilities: &[f64]) -> f64 {
    probabilities.iter().map(|probability| entropy(*probability)).sum()
}

/// The entropy of a yes with a probability, in bits.
fn entropy(probability: f64) -> f64 {
    let bits = |share: f64| if share > 0.0 { -share * share.log2() } else { 0.0 };
    let probability = probability.clamp(0.0, 1.0);
    bits(probability) + bits(1.0 - probability)
}
