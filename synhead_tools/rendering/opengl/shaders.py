"""The lean shaders: what the ``cpu`` backend draws, and nothing else; a pass over the head and one over the picture.

The first pass draws every sample as a pixel of a larger picture, rows from the top: its colour, and two numbers that
say which triangle it shows and how far away. The second averages the samples of each pixel and settles its region,
as `synhead_tools.rendering.cpu.resolve` does. Light: see `synhead_tools.rendering.cpu.shade`; textures are linear and
premultiplied. Both stand for FRAMES pictures at once, each in a layer of its own, or for one.
"""

from __future__ import annotations

#: Directional lights of one picture.
MAX_LIGHTS = 16
#: Rows of four floats per picture in the uniform block: pose 3, sky 1, ground 1, harmonics 9, then the lights.
FRAME_ROWS = 14 + 2 * MAX_LIGHTS
#: Rows at which the parts of a picture's block begin.
POSE_ROW, SKY_ROW, GROUND_ROW, SH_ROW, DIRECTION_ROW, COLOUR_ROW = 0, 3, 4, 5, 14, 14 + MAX_LIGHTS
#: Most pictures in one draw: the block then fits into the 16 KiB that every driver has.
MAX_FRAMES = 16

_FRAMES_BLOCK = """
struct Frame
{
    vec4 pose[3];          // rows of [rotation | translation], head frame to camera frame
    vec4 sky;              // fourth: number of lights
    vec4 ground;           // fourth: whether there are harmonics
    vec4 sh[9];
    vec4 direction[MAX_LIGHTS];
    vec4 colour[MAX_LIGHTS];
};
layout(std140) uniform Frames { Frame frames[FRAMES]; };
"""

_VERTEX = """
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec2 texcoord;
uniform mat4 projection;
uniform int first_frame;
out vec3 place;
out vec3 facing;
out vec2 uv;
flat out int frame;

void main()
{
#if FRAMES > 1
    frame = first_frame + gl_InstanceID;
    gl_Layer = frame;
#else
    frame = 0;
#endif
    vec4 a = frames[frame].pose[0], b = frames[frame].pose[1], c = frames[frame].pose[2];
    vec4 p = vec4(position, 1.0);
    place = vec3(dot(a, p), dot(b, p), dot(c, p));
    facing = vec3(dot(a.xyz, normal), dot(b.xyz, normal), dot(c.xyz, normal));
    uv = texcoord;
    gl_Position = projection * vec4(place, 1.0);
}
"""

_FRAGMENT = """
uniform sampler2D base_colour;     // linear, premultiplied
uniform isamplerBuffer facts;      // of each triangle: region, 256 if its winding agrees with its normals, 512 x layer
uniform int first_triangle;
uniform vec3 tint;
uniform vec3 wrap;
uniform float specular;
uniform float alpha_squared;
uniform int mode;                  // 0 opaque, 1 cutout, 2 blend
uniform float thresholds[36];      // of a cutout: pixel of a 2 x 2 block, sample of the pixel
uniform float levels;              // of the texture, less one
in vec3 place;
in vec3 facing;
in vec2 uv;
flat in int frame;
layout(location = 0) out vec4 colour;
layout(location = 1) out uvec2 shown;   // region << 24 | triangle + 1; bits of z in metres

float encode(float c)
{
    c = clamp(c, 0.0, 1.0);
    return c <= 0.0031308 ? c * 12.92 : 1.055 * pow(c, 1.0 / 2.4) - 0.055;
}

float threshold(int layer)
{
    ivec2 at = ivec2(gl_FragCoord.xy);
    ivec2 sample_at = at % SAMPLES;
    ivec2 pixel = at / SAMPLES % 2;
    int k = (sample_at.y * SAMPLES + sample_at.x + layer) % (SAMPLES * SAMPLES);
    return thresholds[(pixel.y * 2 + pixel.x) * SAMPLES * SAMPLES + k];
}

vec3 harmonics(vec3 n)
{
    vec3 sum = frames[frame].sh[0].rgb + frames[frame].sh[1].rgb * n.y + frames[frame].sh[2].rgb * n.z
        + frames[frame].sh[3].rgb * n.x + frames[frame].sh[4].rgb * (n.x * n.y) + frames[frame].sh[5].rgb * (n.y * n.z)
        + frames[frame].sh[6].rgb * (3.0 * n.z * n.z - 1.0) + frames[frame].sh[7].rgb * (n.x * n.z)
        + frames[frame].sh[8].rgb * (n.x * n.x - n.y * n.y);
    return max(sum, 0.0);
}

void main()
{
    // texels that this sample covers, and the level at which they are about one
    vec2 size = vec2(textureSize(base_colour, 0));
    vec2 dx = dFdx(uv) * size, dy = dFdy(uv) * size;
    float texels = max(abs(dx.x * dy.y - dx.y * dy.x), 1e-20);
    float level = clamp(floor(0.5 * log2(texels)), 0.0, levels);
    float fraction = level == levels || texels <= 1.0 ? 0.0 : clamp(sqrt(texels) * exp2(-level) - 1.0, 0.0, 1.0);
    int fact = texelFetch(facts, first_triangle + gl_PrimitiveID).r;
    if (mode == 1) {
        float seen = textureLod(base_colour, uv, fraction > 0.5 ? level + 1.0 : level).a;
        if (seen <= threshold(fact >> 9)) discard;
    }
    vec4 texel = textureLod(base_colour, uv, level + fraction);
    vec3 albedo = texel.rgb / max(texel.a, 1.0 / 65535.0) * tint;
    vec3 v = normalize(-place);
    // triangles of blended parts are drawn in another order, so that their facts are not at hand
    bool front = mode == 2 ? dot(facing, v) >= 0.0 : gl_FrontFacing == ((fact & 256) != 0);
    vec3 n = normalize(facing) * (front ? 1.0 : -1.0);
    vec3 diffuse = mix(frames[frame].ground.rgb, frames[frame].sky.rgb, 0.5 - 0.5 * n.y);
    if (frames[frame].ground.w != 0.0) diffuse += harmonics(n);
    vec3 shine = vec3(0.0);
    float rough = sqrt(sqrt(alpha_squared));
    float smith = (rough + 1.0) * (rough + 1.0) / 8.0;
    float nv = max(abs(dot(n, v)), 0.001);
    int lights = int(frames[frame].sky.w);
    for (int i = 0; i < lights; i++) {
        vec3 l = frames[frame].direction[i].xyz;
        vec3 light = frames[frame].colour[i].rgb;
        float nl = dot(n, l);
        diffuse += light * max((vec3(nl) + wrap) / (1.0 + wrap), 0.0);
        if (nl > 0.0 && specular > 0.0) {
            vec3 h = normalize(l + v);
            float nh = clamp(dot(n, h), 0.0, 1.0);
            float g = 1.0 - clamp(dot(v, h), 0.0, 1.0);
            float fresnel = specular + (min(25.0 * specular, 1.0) - specular) * g * g * g * g * g;
            float lobe = nh * nh * (alpha_squared - 1.0) + 1.0;
            float hidden = (nv * (1.0 - smith) + smith) * (nl * (1.0 - smith) + smith);
            shine += light * (nl * fresnel * alpha_squared / (lobe * lobe * hidden * 4.0));
        }
    }
    vec3 seen = albedo * diffuse + shine;
    float alpha = mode == 2 ? texel.a : 1.0;
    colour = vec4(vec3(encode(seen.r), encode(seen.g), encode(seen.b)) * alpha, alpha);
    int region = front || mode == 1 ? fact & 255 : BEHIND_REGION;
    shown = uvec2(uint(region) << 24 | uint(first_triangle + gl_PrimitiveID + 1), floatBitsToUint(place.z));
}
"""

_RESOLVE_VERTEX = """
void main()
{
    gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0);
}
"""

_RESOLVE_FRAGMENT = """
uniform sampler2DArray colours;
uniform usampler2DArray codes;
uniform int height;                       // of one picture; they stand one below the other
layout(location = 0) out uvec4 image;     // red, green, blue, coverage
layout(location = 1) out uvec2 shown;     // region << 24 | triangle + 1 of the nearest sample; bits of its z

const int COUNT = SAMPLES * SAMPLES;

void main()
{
    int row = int(gl_FragCoord.y);
    ivec3 corner = ivec3(int(gl_FragCoord.x) * SAMPLES, row % height * SAMPLES, row / height);
    uint codes_here[COUNT];
    uvec4 sum = uvec4(0u);
    int covered = 0;
    float nearest = 0.0;
    uint triangle = 0u;
    for (int k = 0; k < COUNT; k++) {
        ivec3 at = corner + ivec3(k % SAMPLES, k / SAMPLES, 0);
        sum += uvec4(texelFetch(colours, at, 0) * 255.0 + 0.5);
        uvec2 code = texelFetch(codes, at, 0).rg;
        codes_here[k] = code.r;
        float z = uintBitsToFloat(code.g);
        if (code.r != 0u) {
            if (covered == 0 || z < nearest) {
                nearest = z;
                triangle = code.r & 0xFFFFFFu;
            }
            covered++;
        }
    }
    image = (sum + uint(COUNT / 2)) / uint(COUNT);
    uint best = 0u;
    int most = 0;
    for (int k = 0; k < COUNT; k++) {
        int votes = 0;
        for (int j = 0; j < COUNT; j++)
            votes += int(codes_here[j] != 0u && codes_here[j] >> 24 == codes_here[k] >> 24);
        if (codes_here[k] != 0u && votes > most) {
            best = codes_here[k] >> 24;
            most = votes;
        }
    }
    if (most < COUNT - covered) best = 0u;
    shown = uvec2(best << 24 | triangle, floatBitsToUint(nearest));
}
"""


def head_shaders(samples: int, frames: int, behind_region: int) -> tuple[str, str]:
    """Vertex and fragment shader of the first pass.

    Parameters
    ----------
    samples : int
        Samples per pixel along each axis.
    frames : int
        Pictures in one draw, 1 to `MAX_FRAMES`.
    behind_region : int
        Region id of the inside of an opaque surface.
    """
    header = _header(frames, SAMPLES=samples, FRAMES=frames, MAX_LIGHTS=MAX_LIGHTS, BEHIND_REGION=behind_region)
    return header + _FRAMES_BLOCK + _VERTEX, header + _FRAMES_BLOCK + _FRAGMENT


def resolve_shaders(samples: int) -> tuple[str, str]:
    """Vertex and fragment shader of the second pass."""
    header = _header(1, SAMPLES=samples)
    return header + _RESOLVE_VERTEX, header + _RESOLVE_FRAGMENT


def _header(frames: int, **defines: int) -> str:
    lines = ["#version 330 core"]
    if frames > 1:
        lines = ["#version 410 core", "#extension GL_ARB_shader_viewport_layer_array : require"]
    return "\n".join([*lines, *(f"#define {name} {value}" for name, value in defines.items()), ""])
