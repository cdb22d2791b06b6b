//! Every invariant of the model, as functions that return field-addressed problems.
