//! Collects what a charm declares into typed inputs, each ready or not yet, with its waker.
