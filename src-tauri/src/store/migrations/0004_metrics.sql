-- Lists show which metrics an experiment uses and what a metric measures: the summaries are written again when the file
-- is opened.
UPDATE documents SET summary = NULL WHERE kind IN ('experiment', 'metric');
-- The experiments whose own metrics are still to become metrics of the workspace.
CREATE INDEX documents_own_metrics ON documents (id) WHERE json_extract(summary, '$.own_metrics') = 1;
