"""Drawing with OpenGL, by pyrender: its stock renderer, and one that draws the same scenes faster."""
