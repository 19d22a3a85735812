"""HTTP: requests into jobs, errors into problem+json, the page."""
