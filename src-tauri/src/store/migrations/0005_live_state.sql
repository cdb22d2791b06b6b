-- Lists show what visitors get beside what the draft intends: the summaries are written again when the file is opened.
UPDATE documents SET summary = NULL WHERE kind IN ('site', 'experiment', 'flag');
