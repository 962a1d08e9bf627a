"""The shaders that make pyrender draw what the ``cpu`` backend draws: the same light, cutouts and sRGB curve.

pyrender's own shader never cuts out by alpha, encodes with a power of 1/2.2 and knows no hemisphere light. These two
replace it: pyrender binds attributes and matrices, `synhead_tools.rendering.pyrender_backend` the rest.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

VERTEX = """#version 330 core
layout(location = 0) in vec3 position;
layout(location = NORMAL_LOC) in vec3 normal;
layout(location = TEXCOORD_0_LOC) in vec2 texcoord_0;
layout(location = COLOR_0_LOC) in vec4 color_0;
layout(location = INST_M_LOC) in mat4 inst_m;
uniform mat4 M;
uniform mat4 V;
uniform mat4 P;
out vec3 place;
out vec3 facing;
out vec2 uv;
flat out float region;

void main()
{
    vec4 world = M * vec4(position, 1.0);
    gl_Position = P * V * world;
    place = world.xyz;
    facing = mat3(M) * normal;
    uv = texcoord_0;
    region = color_0.r;
}
"""

FRAGMENT = """#version 330 core
struct Material { sampler2D base_color_texture; };
uniform Material material;
uniform vec3 tint;
uniform vec3 wrap;
uniform float specular;
uniform float alpha_squared;
uniform float cutoff;          // negative: opaque
uniform float behind_region;   // of the inside of an opaque surface
uniform int show_region;
uniform int samples;           // per pixel, along each axis
uniform int lights;
uniform vec3 light_direction[16];
uniform vec3 light_colour[16];
uniform vec3 ambient_sky;
uniform vec3 ambient_ground;
in vec3 place;
in vec3 facing;
in vec2 uv;
flat in float region;
out vec4 frag_color;

const int RANK_4[4] = int[4](0, 2, 3, 1);
const int RANK_9[9] = int[9](0, 5, 7, 3, 8, 1, 6, 2, 4);

vec3 decode(vec3 c)
{
    return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), step(vec3(0.04045), c));
}

vec3 encode(vec3 c)
{
    c = clamp(c, 0.0, 1.0);
    return mix(c * 12.92, 1.055 * pow(c, vec3(1.0 / 2.4)) - 0.055, step(vec3(0.0031308), c));
}

float threshold()
{
    ivec2 at = ivec2(gl_FragCoord.xy);
    ivec2 in_pixel = at % samples;
    ivec2 pixel = at / samples % 2;
    int k = in_pixel.y * samples + in_pixel.x;
    int rank = samples == 2 ? RANK_4[k] : (samples == 3 ? RANK_9[k] : 0);
    float dither = samples == 1 ? 0.5 : (float(RANK_4[pixel.y * 2 + pixel.x]) + 0.5) / 4.0;
    float even = (float(rank) + dither) / float(samples * samples);
    return even < 0.5 ? 2.0 * even * cutoff : cutoff + (2.0 * even - 1.0) * (1.0 - cutoff);
}

void main()
{
    vec4 texel = texture(material.base_color_texture, uv);
    if (cutoff >= 0.0 && texel.a <= threshold()) discard;
    if (show_region == 1) {
        float id = (!gl_FrontFacing && cutoff < 0.0) ? behind_region : region;
        frag_color = vec4(id, 0.0, 0.0, 1.0);
        return;
    }
    vec3 albedo = decode(texel.rgb) * tint;
    vec3 n = normalize(facing) * (gl_FrontFacing ? 1.0 : -1.0);
    vec3 v = normalize(-place);
    vec3 diffuse = mix(ambient_ground, ambient_sky, 0.5 - 0.5 * n.y);
    vec3 shine = vec3(0.0);
    float rough = sqrt(sqrt(alpha_squared));
    float smith = (rough + 1.0) * (rough + 1.0) / 8.0;
    float nv = max(abs(dot(n, v)), 0.001);
    for (int i = 0; i < lights; i++) {
        vec3 l = light_direction[i];
        float nl = dot(n, l);
        diffuse += light_colour[i] * max((vec3(nl) + wrap) / (1.0 + wrap), 0.0);
        if (nl > 0.0 && specular > 0.0) {
            vec3 h = normalize(l + v);
            float nh = clamp(dot(n, h), 0.0, 1.0);
            float g = 1.0 - clamp(dot(v, h), 0.0, 1.0);
            float fresnel = specular + (min(25.0 * specular, 1.0) - specular) * g * g * g * g * g;
            float lobe = nh * nh * (alpha_squared - 1.0) + 1.0;
            float hidden = (nv * (1.0 - smith) + smith) * (nl * (1.0 - smith) + smith);
            shine += light_colour[i] * (nl * fresnel * alpha_squared / (lobe * lobe * hidden * 4.0));
        }
    }
    frag_color = vec4(encode(albedo * diffuse + shine), 1.0);
}
"""

MAX_LIGHTS = 16


def write_shaders() -> tempfile.TemporaryDirectory:
    """Write the shaders under the file names pyrender loads; the folder goes when the returned object does."""
    folder = tempfile.TemporaryDirectory(prefix="synhead-shaders-")
    Path(folder.name, "mesh.vert").write_text(VERTEX, "ascii")
    Path(folder.name, "mesh.frag").write_text(FRAGMENT, "ascii")
    return folder
