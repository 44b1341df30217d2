"""A sample class: perfect work, typical mistakes, accidents and an attack, as real notebooks."""
