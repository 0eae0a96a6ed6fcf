//! A panic in a handler is answered as an error of ours, and costs no other message.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tower_lsp::jsonrpc::{Error, Id, Request, Response};
use tower_service::Service;

/// A service whose handlers may panic.
#[derive(Debug)]
pub(crate) struct Guard<S>(pub(crate) S);

impl<S> Service<Request> for Guard<S>
where
    S: Service<Request, Response = Option<Response>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Guarded<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let id = request.id().cloned();
        Guarded { future: Box::pin(self.0.call(request)), id }
    }
}

/// The answer to one message.
#[derive(Debug)]
pub(crate) struct Guarded<F> {
    future: Pin<Box<F>>,
    id: Option<Id>,
}

impl<F, E> Future for Guarded<F>
where
    F: Future<Output = Result<Option<Response>, E>>,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        // What the handler was changing is behind locks that no panic poisons, and is used as it is.
        match catch_unwind(AssertUnwindSafe(|| this.future.as_mut().poll(context))) {
            Ok(outcome) => outcome,
            Err(_) => {
                let id = this.id.take();
                Poll::Ready(Ok(id.map(|id| Response::from_error(id, Error::internal_error()))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    struct Panics;

    impl Service<Request> for Panics {
        type Response = Option<Response>;
        type Error = std::convert::Infallible;
        type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>>>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: Request) -> Self::Future {
            if request.method() == "panic" {
                Box::pin(async { panic!("on purpose") })
            } else {
                Box::pin(ready(Ok(None)))
            }
        }
    }

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        let mut service = Guard(Panics);
        let answer = service.call(Request::build("panic").id(7).finish()).await.unwrap();
        assert_eq!(answer, Some(Response::from_error(Id::Number(7), Error::internal_error())));
        assert_eq!(service.call(Request::build("panic").finish()).await.unwrap(), None);
        assert_eq!(service.call(Request::build("other").id(7).finish()).await.unwrap(), None);
    }
}
