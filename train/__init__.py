"""From a config to a fitted model in a run folder."""
