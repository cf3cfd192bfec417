"""Pages, plots and tables of what was measured."""
