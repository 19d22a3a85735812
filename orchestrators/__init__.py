"""Durable orchestrators: they decide, activities act."""
