"""Makes tables of what the package itself holds: recipes, settings, modules."""
