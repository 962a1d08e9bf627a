"""Parametric heads: recipes, the data they are built from, and the meshes with texture, regions and landmarks."""
