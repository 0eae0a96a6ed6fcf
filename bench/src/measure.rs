//! Medians, memory, and the load of the machine.

use std::fmt;
use std::time::{Duration, Instant};

/// Runs something so many times, at least once; returns its last result and the median time.
pub(crate) fn median<T>(repeats: usize, mut run: impl FnMut() -> T) -> (T, Duration) {
    let mut timed = || {
        let start = Instant::now();
        let result = run();
        (result, start.elapsed())
    };
    let (mut result, first) = timed();
    let mut times = vec![first];
    for _ in 1..repeats {
        let (next, time) = timed();
        result = next;
        times.push(time);
    }
    times.sort_unstable();
    (result, times.get(times.len() / 2).copied().unwrap_or(first))
}

/// Returns the average number of runnable tasks over the last minute.
pub(crate) fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().filter(|load| !load.is_empty()).unwrap_or("unknown").to_owned()
}

/// A process that was measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process {
    /// From its start to its end.
    pub(crate) time: Duration,
    /// The most memory it held, in MiB.
    pub(crate) peak: u64,
}

/// The figures of a run.
#[derive(Debug, Default)]
pub(crate) struct Table {
    reference: Duration,
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    name: &'static str,
    time: Duration,
    /// What it is compared with, and its name. None: the reference.
    twin: Option<(&'static str, Duration)>,
    /// In MiB.
    peak: Option<u64>,
    aim: Option<Aim>,
}

/// What is aimed at: at most so much.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Aim {
    /// As often the time of what it is compared with.
    Times(f64),
    /// Seconds.
    Seconds(f64),
    /// Seconds, and MiB.
    SecondsAndMemory(f64, u64),
}

impl Table {
    /// Sets what everything is compared with.
    pub(crate) fn reference(&mut self, time: Duration) {
        self.reference = time;
    }

    /// Adds a time.
    pub(crate) fn add(&mut self, name: &'static str, time: Duration, aim: Option<Aim>) {
        self.lines.push(Line { name, time, twin: None, peak: None, aim });
    }

    /// Adds a time that is compared with another than the reference.
    pub(crate) fn add_beside(
        &mut self,
        name: &'static str,
        time: Duration,
        twin: (&'static str, Duration),
        aim: Aim,
    ) {
        self.lines.push(Line { name, time, twin: Some(twin), peak: None, aim: Some(aim) });
    }

    /// Adds a process.
    pub(crate) fn add_process(&mut self, name: &'static str, process: Process, aim: Option<Aim>) {
        self.lines.push(Line { name, time: process.time, twin: None, peak: Some(process.peak), aim });
    }
}

impl Line {
    fn ratio(&self, reference: Duration) -> f64 {
        let of = self.twin.map_or(reference, |(_, time)| time);
        self.time.as_secs_f64() / of.as_secs_f64()
    }

    /// Describes what is aimed at, and whether it is met.
    fn aim(&self, reference: Duration) -> String {
        let seconds = self.time.as_secs_f64();
        let (met, aim) = match self.aim {
            None => return String::new(),
            Some(Aim::Times(most)) => (self.ratio(reference) <= most, format!("{most} x")),
            Some(Aim::Seconds(most)) => (seconds <= most, format!("{most:.2} s")),
            Some(Aim::SecondsAndMemory(most, memory)) => {
                let met = seconds <= most && self.peak.is_some_and(|peak| peak <= memory);
                (met, format!("{most} s, {memory} MiB"))
            }
        };
        format!("{} (at most {aim})", if met { "met" } else { "missed" })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<42}{:>9}{:>8}  {:<16}{:>6}  aim", "", "seconds", "times", "of", "MiB")?;
        for line in &self.lines {
            let (seconds, ratio) = (line.time.as_secs_f64(), line.ratio(self.reference));
            let of = line.twin.map_or("reference", |(name, _)| name);
            let peak = line.peak.map(|peak| peak.to_string()).unwrap_or_default();
            let (name, aim) = (line.name, line.aim(self.reference));
            writeln!(f, "{name:<42}{seconds:>9.3}{ratio:>8.2}  {of:<16}{peak:>6}  {aim}")?;
        }
        Ok(())
    }
}
