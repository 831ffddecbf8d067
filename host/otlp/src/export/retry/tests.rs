//! When attempts happen, in virtual time.

use std::cell::RefCell;

use super::*;

fn transient(retry_after: Option<Duration>) -> Result<Exported, AttemptError> {
    Err(AttemptError::Transient { message: "busy".to_owned(), retry_after })
}

/// Runs `retry` against scripted answers with waits of 1 s; yields the outcome and when attempts began, in ms.
async fn run(
    timeout: Duration,
    answers: Vec<Result<Exported, AttemptError>>,
) -> (Result<Exported, ExportError>, Vec<u128>) {
    let start = Instant::now();
    let begun = RefCell::new(Vec::new());
    let answers = RefCell::new(answers.into_iter());
    let outcome = retry(start + timeout, std::iter::repeat(Duration::from_secs(1)), || {
        begun.borrow_mut().push(start.elapsed().as_millis());
        let answer = answers.borrow_mut().next();
        async {
            match answer {
                Some(answer) => answer,
                None => std::future::pending().await,
            }
        }
    })
    .await;
    (outcome, begun.into_inner())
}

#[tokio::test(start_paused = true)]
async fn o2_p4_a_transient_failure_is_tried_again_after_the_backoff() {
    let answers = vec![transient(None), transient(None), Ok(Exported::default())];
    let (outcome, begun) = run(Duration::from_secs(10), answers).await;
    assert_eq!((outcome, begun), (Ok(Exported::default()), vec![0, 1000, 2000]));
}

#[tokio::test(start_paused = true)]
async fn p4_the_receivers_wish_replaces_the_backoff() {
    let answers = vec![transient(Some(Duration::from_secs(4))), Ok(Exported::default())];
    let (_, begun) = run(Duration::from_secs(10), answers).await;
    assert_eq!(begun, [0, 4000]);
}

#[tokio::test(start_paused = true)]
async fn at_once_is_no_wish() {
    let answers = vec![transient(Some(Duration::ZERO)), transient(None), Ok(Exported::default())];
    let (_, begun) = run(Duration::from_secs(10), answers).await;
    assert_eq!(begun, [0, 1000, 2000]);
}

#[tokio::test(start_paused = true)]
async fn p4_a_permanent_failure_is_not_tried_again() {
    let answers = vec![Err(AttemptError::Permanent { message: "bad".to_owned() })];
    let (outcome, begun) = run(Duration::from_secs(10), answers).await;
    assert_eq!(outcome, Err(ExportError::permanent("bad")));
    assert_eq!(begun, [0]);
}

#[tokio::test(start_paused = true)]
async fn o1_p4_no_attempt_begins_after_the_deadline_and_nobody_waits_for_it() {
    let start = Instant::now();
    let (outcome, begun) = run(Duration::from_secs(2), vec![transient(Some(Duration::from_secs(60)))]).await;
    assert_eq!(outcome, Err(ExportError::Exhausted { attempts: 1, message: "busy".to_owned() }));
    assert_eq!((begun, start.elapsed()), (vec![0], Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn o1_a_silent_receiver_is_given_up_at_the_deadline() {
    let start = Instant::now();
    let (outcome, begun) = run(Duration::from_secs(3), vec![transient(None)]).await;
    let message = "no answer to the last; to the one before: busy".to_owned();
    assert_eq!(outcome, Err(ExportError::Exhausted { attempts: 2, message }));
    assert_eq!((begun, start.elapsed()), (vec![0, 1000], Duration::from_secs(3)));
}
