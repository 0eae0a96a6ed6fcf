//! A model as two files: what people may read, and numbers.

use serde::{Deserialize, Serialize};

use crate::calibration::tag_calibration::Trust;
use crate::candidates::copies::{Derivations, Origin, Record};
use crate::candidates::generator::{Base, Classes, Known};
use crate::candidates::history::{Counts, History};
use crate::candidates::logistic_regression::Linear;
use crate::candidates::neighbors::Neighbours;
use crate::candidates::network::{Network, Weights};
use crate::evaluation::model_comparison::Measured;
use crate::features::dictionary::Dictionary;
use crate::features::resource::Target;
use crate::model::Model;
use crate::numerics::lists::{Reader, TooShort, Writer};
use crate::ranking::scorer::Scorer;

/// What of a model is text.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Described {
    targets: Vec<Target>,
    /// Values with how many resources had each, by target.
    values: Vec<Vec<(String, u32)>>,
    trust: Vec<[Trust; 2]>,
    learnt: Vec<bool>,
    derivations: Vec<(usize, Origin, Record)>,
    least_known: [f32; 2],
    width: usize,
    hidden: usize,
    resources: u32,
}

impl Model {
    /// Returns what is to be kept of it.
    pub(crate) fn to_files(&self) -> (Described, Vec<u8>) {
        let base = &self.base;
        let weights = base.network.weights();
        let entries =
            |classes: &Classes| classes.entries().map(|(value, count)| (value.to_owned(), count)).collect();
        let described = Described {
            targets: self.known.targets.clone(),
            values: base.classes.iter().map(entries).collect(),
            trust: self.trust.clone(),
            learnt: self.learnt.clone(),
            derivations: base.derivations.entries(),
            least_known: self.least_known,
            width: weights.width,
            hidden: weights.hidden,
            resources: base.dictionary.resources(),
        };
        let mut writer = Writer::default();
        weights.numbers.iter().for_each(|numbers| writer.floats(numbers));
        self.scorer.numbers().iter().for_each(|numbers| writer.floats(numbers));
        write_dictionary(&base.dictionary, &mut writer);
        write_dictionary(&base.runs, &mut writer);
        writer.hashes(self.lessons.iter().copied());
        write_measured(&self.measured, &mut writer);
        write_history(&base.history, &mut writer);
        base.neighbours.write(&mut writer);
        base.linear.iter().chain(&base.bare).for_each(|linear| linear.write(&mut writer));
        (described, writer.into_bytes())
    }

    /// Puts a model together from what was kept of it.
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
        let runs = read_dictionary(&mut reader, described.resources)?;
        let lessons = reader.hashes()?;
        let measured = read_measured(&mut reader)?;
        let base = Base {
            network: Network::load(weights),
            dictionary,
            runs,
            history: read_history(&mut reader)?,
            neighbours: Neighbours::read(&mut reader)?,
            linear: read_linear(&classes, &mut reader)?,
            bare: read_linear(&classes, &mut reader)?,
            derivations: Derivations::from_entries(described.derivations),
            classes,
        };
        let known = Known::new(described.targets);
        Ok(Self {
            known,
            base,
            scorer,
            trust: described.trust,
            learnt: described.learnt,
            lessons,
            measured,
            least_known: described.least_known,
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

fn write_measured(measured: &[Measured], writer: &mut Writer) {
    writer.hashes(measured.iter().map(|one| one.lesson));
    writer.words(measured.iter().map(|one| u32::from(one.familiar) | u32::from(one.right) << 1));
    writer.floats(&measured.iter().map(|one| one.loss).collect::<Vec<f32>>());
}

fn read_measured(reader: &mut Reader<'_>) -> Result<Vec<Measured>, TooShort> {
    let (lessons, flags, losses) = (reader.hashes()?, reader.words()?, reader.floats()?);
    let measured = lessons.into_iter().zip(flags).zip(losses).map(|((lesson, flags), loss)| Measured {
        lesson,
        familiar: flags & 1 != 0,
        right: flags & 2 != 0,
        loss,
    });
    Ok(measured.collect())
}

fn read_linear(classes: &[Classes], reader: &mut Reader<'_>) -> Result<Vec<Linear>, TooShort> {
    classes.iter().map(|_| Linear::read(reader)).collect()
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
