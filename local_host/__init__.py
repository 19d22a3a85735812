"""Development and tests only: plays the Azure Functions host on one machine."""
