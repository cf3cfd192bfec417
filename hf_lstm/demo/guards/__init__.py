"""Guards the demo: refuses needless and harmful requests, and bounds what one client may ask for."""
