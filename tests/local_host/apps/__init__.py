"""Small apps for the host's own tests."""
