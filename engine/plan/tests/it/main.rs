//! Plans and SQL of programs, as text.

// `cfg(test)` tells clippy that the helpers may panic as tests may.
#[cfg(test)]
mod distinct;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod preds;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod scripts;
#[cfg(test)]
mod wide;
