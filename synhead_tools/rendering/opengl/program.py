"""Shader programs: compiled once, their uniforms found once, and told apart from silence when they fail.

Imported only after `synhead_tools.rendering.opengl.platform.import_pyrender`.
"""

from __future__ import annotations

import numpy as np
from OpenGL import GL

from synhead_tools.errors import BackendError


class Program:
    """A linked program.

    Parameters
    ----------
    vertex, fragment : str
        Sources.

    Raises
    ------
    BackendError
        The driver does not take them.
    """

    def __init__(self, vertex: str, fragment: str) -> None:
        self._places: dict[str, int] = {}
        self.number = GL.glCreateProgram()
        for kind, source in ((GL.GL_VERTEX_SHADER, vertex), (GL.GL_FRAGMENT_SHADER, fragment)):
            shader = GL.glCreateShader(kind)
            GL.glShaderSource(shader, source)
            GL.glCompileShader(shader)
            if not GL.glGetShaderiv(shader, GL.GL_COMPILE_STATUS):
                raise _refusal("compile", GL.glGetShaderInfoLog(shader))
            GL.glAttachShader(self.number, shader)
            GL.glDeleteShader(shader)
        GL.glLinkProgram(self.number)
        if not GL.glGetProgramiv(self.number, GL.GL_LINK_STATUS):
            raise _refusal("link", GL.glGetProgramInfoLog(self.number))

    def use(self) -> None:
        """Make it the current program."""
        GL.glUseProgram(self.number)

    def set_int(self, name: str, value: int) -> None:
        """Set an int, or the texture unit of a sampler, of the current program."""
        GL.glUniform1i(self._place(name), value)

    def set_float(self, name: str, value: float) -> None:
        """Set a float of the current program."""
        GL.glUniform1f(self._place(name), value)

    def set_floats(self, name: str, values: np.ndarray) -> None:
        """Set an array of floats of the current program."""
        values = np.ascontiguousarray(values, np.float32)
        GL.glUniform1fv(self._place(name), values.size, values)

    def set_vec3(self, name: str, values: tuple[float, float, float]) -> None:
        """Set three floats of the current program."""
        GL.glUniform3f(self._place(name), *(float(value) for value in values))

    def set_mat4(self, name: str, matrix: np.ndarray) -> None:
        """Set a 4 x 4 matrix, which multiplies column vectors, of the current program."""
        GL.glUniformMatrix4fv(self._place(name), 1, GL.GL_TRUE, np.ascontiguousarray(matrix, np.float32))

    def bind_block(self, name: str, binding: int) -> None:
        """Read the uniform block `name` from a binding point."""
        GL.glUniformBlockBinding(self.number, GL.glGetUniformBlockIndex(self.number, name), binding)

    def _place(self, name: str) -> int:
        if name not in self._places:
            self._places[name] = GL.glGetUniformLocation(self.number, name)
        return self._places[name]


def _refusal(step: str, log: bytes | str) -> BackendError:
    text = log.decode("utf-8", "replace") if isinstance(log, bytes) else str(log)
    return BackendError(f"the OpenGL driver cannot {step} the shaders ({' '.join(text.split())}); update the driver")
