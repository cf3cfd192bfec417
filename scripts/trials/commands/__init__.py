"""Strikes whole commands that train, resumes them, and says what was lost."""
