//! Three-way merge and the sans-IO planner.
