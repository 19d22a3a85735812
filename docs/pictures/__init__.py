"""Pictures for the documentation, and the program that takes them."""
