"""Against real PDFs, where they are at hand."""
