"""Deploys Spaces: the demo, and static pages."""
