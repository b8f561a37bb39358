"""From a study file to stored predictions: spec, plan, run, store."""
