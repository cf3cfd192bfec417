"""The records that runs and reports write as JSON, and others read."""
