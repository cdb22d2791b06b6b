//! The one evaluator.
