"""Pure views of stored predictions: metrics, intervals, paired comparisons. Nothing here runs a network."""
