//! Work that runs side by side.

use tokio::task::JoinSet;

use crate::error::CollectError;

/// Runs jobs, at most `limit` at once; returns their results in the order of the jobs.
///
/// # Errors
/// The first error; the other jobs are ended.
pub(crate) async fn at_most<T, J>(limit: usize, jobs: Vec<J>) -> Result<Vec<T>, CollectError>
where
    T: Send + 'static,
    J: Future<Output = Result<T, CollectError>> + Send + 'static,
{
    let mut waiting = jobs.into_iter().enumerate();
    let mut running = JoinSet::new();
    let mut done = Vec::new();
    loop {
        while running.len() < limit
            && let Some((number, job)) = waiting.next()
        {
            running.spawn(async move { (number, job.await) });
        }
        match running.join_next().await {
            None => break,
            Some(Ok((number, result))) => done.push((number, result?)),
            Some(Err(error)) => return Err(CollectError::Runtime(std::io::Error::other(error))),
        }
    }
    done.sort_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn results_are_in_order_and_few_jobs_run_at_once() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let job = |number: usize| {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                for _ in 0..(50 - number) {
                    tokio::task::yield_now().await;
                }
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(number)
            }
        };
        let done = runtime.block_on(at_most(8, (0..50).map(job).collect())).unwrap();
        assert_eq!(done, (0..50).collect::<Vec<_>>());
        assert_eq!(most.load(Ordering::SeqCst), 8);
    }
}
