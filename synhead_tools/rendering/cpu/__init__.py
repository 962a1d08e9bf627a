"""The renderer that needs no OpenGL: a rasteriser in compiled loops."""
