"""The full tier: networks that students' code trains behind the boundary, measured on this side."""
