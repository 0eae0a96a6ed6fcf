//! Mutations of inventories that leave most of them inventories.

use serde_json::Value;

use super::{NUMBERS, Random, bytes};

/// Values nest this deep at most, in what is added.
const DEEPEST: usize = 200;

/// Changes the values of an inventory: of JSON, of a JSON object a line, or of CSV. What is none of
/// these is changed byte by byte, and so are some that are.
pub fn inventory(random: &mut Random, content: &[u8]) -> Vec<u8> {
    if random.one_in(8) {
        return bytes(random, content, content);
    }
    if let Ok(mut document) = serde_json::from_slice::<Value>(content) {
        change_values(random, std::slice::from_mut(&mut document));
        return document.to_string().into_bytes();
    }
    let lines = content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    if let Ok(mut rows) = lines.map(serde_json::from_slice::<Value>).collect::<Result<Vec<_>, _>>() {
        change_rows(random, &mut rows);
        change_values(random, &mut rows);
        let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
        return lines.join("\n").into_bytes();
    }
    csv(random, content).unwrap_or_else(|| bytes(random, content, content))
}

fn change_rows(random: &mut Random, rows: &mut Vec<Value>) {
    if rows.is_empty() {
        return;
    }
    let at = random.below(rows.len());
    match random.below(6) {
        0 => drop(rows.remove(at)),
        1 => {
            let again = rows[at].clone();
            rows.extend(std::iter::repeat_n(again, 1 + random.below(50)));
        }
        2 => rows.reverse(),
        _ => {}
    }
}

fn change_values(random: &mut Random, values: &mut [Value]) {
    for _ in 0..=random.below(6) {
        let Some(at) = (!values.is_empty()).then(|| random.below(values.len())) else { return };
        let mut path = random.below(size(&values[at]));
        change_at(random, &mut values[at], &mut path);
    }
}

/// Values in a value, itself included.
fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(values) => values.iter().map(size).sum(),
        Value::Object(members) => members.values().map(size).sum(),
        _ => 0,
    }
}

/// Changes the value that so many come before; true once it is done.
fn change_at(random: &mut Random, value: &mut Value, before: &mut usize) -> bool {
    if *before == 0 {
        change(random, value);
        return true;
    }
    *before -= 1;
    match value {
        Value::Array(values) => values.iter_mut().any(|value| change_at(random, value, before)),
        Value::Object(members) => members.values_mut().any(|value| change_at(random, value, before)),
        _ => false,
    }
}

fn change(random: &mut Random, value: &mut Value) {
    match value {
        Value::Object(members) if !random.one_in(6) => {
            let keys: Vec<String> = members.keys().cloned().collect();
            match keys.is_empty() || random.one_in(2) {
                true => drop(members.insert(random.text(), Value::from(random.text()))),
                false => drop(members.remove(random.pick(&keys))),
            }
        }
        Value::Array(values) if !values.is_empty() && !random.one_in(6) => {
            let at = random.below(values.len());
            let again = values[at].clone();
            match random.below(3) {
                0 => drop(values.remove(at)),
                1 => values.extend(std::iter::repeat_n(again, 1 + random.below(50))),
                _ => values.reverse(),
            }
        }
        _ => *value = other(random),
    }
}

/// Any value.
fn other(random: &mut Random) -> Value {
    match random.below(12) {
        0 => Value::Null,
        1 => Value::from(random.one_in(2)),
        2..4 => serde_json::from_str(random.pick::<&str>(&NUMBERS)).unwrap_or(Value::Null),
        4 => Value::from(*random.pick(&NUMBERS)),
        5 => (0..random.below(DEEPEST)).fold(Value::Null, |inner, _| Value::from(vec![inner])),
        6 => Value::Object(serde_json::Map::from_iter([(random.text(), Value::from(random.text()))])),
        _ => Value::from(random.text()),
    }
}

/// Changes cells of a file with commas.
fn csv(random: &mut Random, content: &[u8]) -> Option<Vec<u8>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(content);
    let mut rows: Vec<Vec<Vec<u8>>> = Vec::new();
    for record in reader.byte_records() {
        rows.push(record.ok()?.iter().map(<[u8]>::to_vec).collect());
    }
    let last = rows.len().checked_sub(1).filter(|last| *last > 0)?;
    for _ in 0..=random.below(6) {
        // The headings stay as they are mostly, since nothing is read without them.
        let row = if random.one_in(12) { 0 } else { 1 + random.below(last) };
        let Some(column) = (!rows[row].is_empty()).then(|| random.below(rows[row].len())) else { continue };
        match random.below(8) {
            0 => rows[row][column] = random.pick(&NUMBERS).as_bytes().to_vec(),
            1 => drop(rows[row].remove(column)),
            2 => {
                let again = rows[row].clone();
                rows.extend(std::iter::repeat_n(again, 1 + random.below(50)));
            }
            _ => rows[row][column] = random.text().into_bytes(),
        }
    }
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    rows.iter().try_for_each(|row| writer.write_record(row)).ok()?;
    writer.into_inner().ok()
}
