//! Work on several threads whose results are taken in order, so that they depend on no thread.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, sync_channel};

/// Threads that work at most: one more would wait for whoever takes the results.
const THREADS: usize = 8;

/// Works on items, several at a time, and hands the results over in the order of the items.
///
/// Items are taken from the iterator when a thread is free, and few results wait to be taken.
///
/// # Errors
///
/// The first error of `take`; what has not begun is left.
pub(crate) fn in_order<I, T: Send, E>(
    items: impl Iterator<Item = I> + Send,
    work: impl Fn(I) -> T + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(THREADS);
    let (announce, announced) = sync_channel::<Receiver<T>>(threads);
    // None: there are no more items, and nothing more is announced.
    let source = Mutex::new(Some((items, announce)));
    // An item is announced before another one is begun, which is what keeps the order.
    let begin = || {
        let mut source = source.lock().ok()?;
        let (items, announce) = source.as_mut()?;
        let (sender, result) = sync_channel(1);
        match items.next() {
            Some(item) if announce.send(result).is_ok() => Some((item, sender)),
            _ => {
                *source = None;
                None
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((item, sender)) = begin() {
                    // Nobody listening means that nobody wants to know.
                    let _ = sender.send(work(item));
                }
            });
        }
        for result in announced {
            // A thread that panicked sends nothing, and the panic goes on when the threads are joined.
            if let Ok(result) = result.recv() {
                take(result)?;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order() {
        let mut taken = Vec::new();
        let done = in_order(
            0..1000_u64,
            |n| n * n,
            |square| {
                taken.push(square);
                Ok::<(), ()>(())
            },
        );
        assert_eq!(done, Ok(()));
        assert_eq!(taken, (0..1000).map(|n| n * n).collect::<Vec<_>>());
    }

    #[test]
    fn an_error_ends_the_work() {
        let mut begun = 0;
        let items = std::iter::repeat_with(|| {
            begun += 1;
            begun
        });
        let done = in_order(items, |n| n, |n| if n == 10 { Err(n) } else { Ok(()) });
        assert_eq!(done, Err(10));
        assert!(begun < 100, "{begun}");
    }

    #[test]
    fn nothing_is_no_work() {
        assert_eq!(in_order(std::iter::empty::<u8>(), |n| n, |_| Err(())), Ok(()));
    }
}
