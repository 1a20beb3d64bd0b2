"""The questions of the newer pages, a module each."""
