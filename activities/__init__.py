"""Durable activities, one a file: decode, call shared, return JSON."""
