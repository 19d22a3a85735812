"""What the app does, apart from how Azure Functions calls it."""
