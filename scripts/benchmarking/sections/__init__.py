"""What each section of the benchmark measures."""
