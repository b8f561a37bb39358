"""The paper's published numbers as data: Ehrlich, Davis, Lim, Shrivastava 2021, appendix."""
