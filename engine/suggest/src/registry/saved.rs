//! A model as two files: a description that people can read, and lists of numbers.

use serde::{Deserialize, Serialize};

use crate::calibration::holdout::HoldoutScore;
use crate::calibration::tag_calibration::TagCalibration;
use crate::candidates::classes::Classes;
use crate::candidates::copies::{CopyRules, HitRate, Origin};
use crate::candidates::generator::CandidateGenerator;
use crate::candidates::history::{Counts, History};
use crate::candidates::logistic_regression::LogisticRegression;
use crate::candidates::neighbors::Neighbors;
use crate::candidates::network::{Network, Weights};
use crate::features::dictionary::Dictionary;
use crate::features::resource::Target;
use crate::features::target_context::TargetContext;
use crate::model::Model;
use crate::numerics::lists::{Reader, TooShort, Writer};
use crate::ranking::scorer::Scorer;

/// The description of a model. Files of version 2 have the names that are given as aliases.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Described {
    targets: Vec<Target>,
    /// Values with the number of resources that have each, by target.
    values: Vec<Vec<(String, u32)>>,
    #[serde(alias = "trust")]
    calibrations: Vec<[TagCalibration; 2]>,
    #[serde(alias = "learnt")]
    learned: Vec<bool>,
    #[serde(alias = "derivations")]
    copies: Vec<(usize, Origin, HitRate)>,
    #[serde(alias = "least_known")]
    min_known_share: [f32; 2],
    /// Width of an embedding.
    width: usize,
    /// Width of the hidden layer.
    hidden: usize,
    /// Resources of the training.
    resources: u32,
}

impl Model {
    /// Returns the contents of both files.
    pub(crate) fn to_files(&self) -> (Described, Vec<u8>) {
        let generator = &self.generator;
        let weights = generator.network.weights();
        let entries =
            |classes: &Classes| classes.entries().map(|(value, count)| (value.to_owned(), count)).collect();
        let described = Described {
            targets: self.context.targets.clone(),
            values: generator.classes.iter().map(entries).collect(),
            calibrations: self.calibrations.clone(),
            learned: self.learned.clone(),
            copies: generator.copies.entries(),
            min_known_share: self.min_known_share,
            width: weights.width,
            hidden: weights.hidden,
            resources: generator.dictionary.resources(),
        };
        let mut writer = Writer::default();
        weights.numbers.iter().for_each(|numbers| writer.floats(numbers));
        self.scorer.numbers().iter().for_each(|numbers| writer.floats(numbers));
        write_dictionary(&generator.dictionary, &mut writer);
        write_dictionary(&generator.ngrams, &mut writer);
        writer.hashes(self.label_hashes.iter().copied());
        write_scores(&self.holdout_scores, &mut writer);
        write_history(&generator.history, &mut writer);
        generator.neighbors.write(&mut writer);
        let regressions = generator.feature_regressions.iter().chain(&generator.ngram_regressions);
        regressions.for_each(|regression| regression.write(&mut writer));
        (described, writer.into_bytes())
    }

    /// Restores a model from the contents of its files.
    pub(crate) fn from_files(described: Described, numbers: &[u8]) -> Result<Self, TooShort> {
        let mut reader = Reader::new(numbers);
        let classes: Vec<Classes> =
            described.values.into_iter().map(|values| Classes::from_entries(values.into_iter())).collect();
        let weights = Weights {
            width: described.width,
            hidden: described.hidden,
            classes: classes.iter().map(Classes::len).collect(),
            numbers: read_lists(&mut reader)?,
        };
        weights.is_whole().then_some(()).ok_or(TooShort)?;
        let scorer: [Vec<f32>; 4] = read_lists(&mut reader)?;
        let scorer = Scorer::load(&scorer).ok_or(TooShort)?;
        let dictionary = read_dictionary(&mut reader, described.resources)?;
        let ngrams = read_dictionary(&mut reader, described.resources)?;
        let label_hashes = reader.hashes()?;
        let holdout_scores = read_scores(&mut reader)?;
        let generator = CandidateGenerator {
            network: Network::load(weights),
            dictionary,
            ngrams,
            history: read_history(&mut reader)?,
            neighbors: Neighbors::read(&mut reader)?,
            feature_regressions: read_regressions(&classes, &mut reader)?,
            ngram_regressions: read_regressions(&classes, &mut reader)?,
            copies: CopyRules::from_entries(described.copies),
            classes,
        };
        let context = TargetContext::new(described.targets);
        Ok(Self {
            context,
            generator,
            scorer,
            calibrations: described.calibrations,
            learned: described.learned,
            label_hashes,
            holdout_scores,
            min_known_share: described.min_known_share,
        })
    }
}

fn read_lists<const N: usize>(reader: &mut Reader<'_>) -> Result<[Vec<f32>; N], TooShort> {
    let lists: Result<Vec<Vec<f32>>, TooShort> = (0..N).map(|_| reader.floats()).collect();
    lists?.try_into().map_err(|_| TooShort)
}

fn write_dictionary(dictionary: &Dictionary, writer: &mut Writer) {
    let (hashes, counts): (Vec<u64>, Vec<u32>) = dictionary.entries().unzip();
    writer.hashes(hashes.into_iter());
    writer.words(counts.into_iter());
}

fn read_dictionary(reader: &mut Reader<'_>, resources: u32) -> Result<Dictionary, TooShort> {
    let (hashes, counts) = (reader.hashes()?, reader.words()?);
    Ok(Dictionary::from_parts(hashes.into_iter().zip(counts).collect(), resources))
}

fn write_scores(scores: &[HoldoutScore], writer: &mut Writer) {
    writer.hashes(scores.iter().map(|one| one.label_hash));
    writer.words(scores.iter().map(|one| u32::from(one.family_seen) | u32::from(one.right) << 1));
    writer.floats(&scores.iter().map(|one| one.log_loss).collect::<Vec<f32>>());
}

fn read_scores(reader: &mut Reader<'_>) -> Result<Vec<HoldoutScore>, TooShort> {
    let (hashes, flags, losses) = (reader.hashes()?, reader.words()?, reader.floats()?);
    let scores = hashes.into_iter().zip(flags).zip(losses);
    let scores = scores.map(|((label_hash, flags), log_loss)| HoldoutScore {
        label_hash,
        family_seen: flags & 1 != 0,
        right: flags & 2 != 0,
        log_loss,
    });
    Ok(scores.collect())
}

fn read_regressions(
    classes: &[Classes],
    reader: &mut Reader<'_>,
) -> Result<Vec<LogisticRegression>, TooShort> {
    classes.iter().map(|_| LogisticRegression::read(reader)).collect()
}

fn write_history(history: &History, writer: &mut Writer) {
    let entries = history.entries();
    writer.words(entries.iter().map(|((target, _), _)| *target));
    writer.hashes(entries.iter().map(|((_, hash), _)| *hash));
    writer.words(entries.iter().map(|(_, counts)| counts.total));
    writer.words(entries.iter().map(|(_, counts)| counts.classes.len() as u32));
    let pairs = entries
        .iter()
        .flat_map(|(_, counts)| counts.classes.iter().flat_map(|(class, count)| [*class, *count]));
    writer.words(pairs.collect::<Vec<u32>>().into_iter());
}

fn read_history(reader: &mut Reader<'_>) -> Result<History, TooShort> {
    let (targets, hashes) = (reader.words()?, reader.hashes()?);
    let (totals, lengths) = (reader.words()?, reader.words()?);
    let pairs = reader.words()?;
    let mut pairs = pairs.as_chunks::<2>().0.iter();
    let keys = targets.into_iter().zip(hashes);
    let entries = keys.zip(totals.into_iter().zip(lengths)).map(|(key, (total, len))| {
        let classes = pairs.by_ref().take(len as usize).map(|[class, count]| (*class, *count)).collect();
        (key, Counts { classes, total })
    });
    Ok(History::from_entries(entries))
}
