"""``synhead heads import``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from synhead_tools.cli import options


@click.command("import", short_help="Make a head of a mesh file of others.")
@click.argument("source", metavar="SCAN", type=options.path_in)
@click.argument("out", metavar="OUT", type=options.path_out)
@click.option("--toml", type=options.path_in, help="A head.toml that tells about SCAN; its mesh is SCAN.")
@click.option("--name", help="Name of the head, at most 16 bytes; by default that of the file.")
@click.option("--licence", help="Licence of the mesh, kept with everything rendered from it.")
@click.option("--unit", help="mm, cm, dm or m; guessed from the size if not given.")
@click.option("--left", metavar="AXIS", help="Where the subject's left is in the file: +x, -x, +y, -y, +z or -z.")
@click.option("--up", metavar="AXIS", help="Which way is up; guessed from the shape if not given.")
@click.option("--front", metavar="AXIS", help="Which way the face looks.")
@click.option(
    "--origin", help="Midway between the eyes: X,Y,Z of the file; or eyes (by landmarks), fit (by shape), centroid."
)
@click.option("--landmarks", metavar="FILE", help="JSON beside SCAN with points5 or landmarks68, in its coordinates.")
@click.option(
    "--region", "regions", metavar="PART=REGION", multiple=True, help="What a part is: hair, eye ...; may be repeated."
)
@click.option("--no-textures", is_flag=True, help="Read no materials and pictures.")
@options.overwrite
@options.as_json
@options.common
def import_command(
    source: Path, out: Path, toml: Path | None, name: str | None, licence: str | None, unit: str | None,
    left: str | None, up: str | None, front: str | None, origin: str | None, landmarks: str | None,
    regions: tuple[str, ...], no_textures: bool, overwrite: bool, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Make the head OUT of SCAN: a mesh (.obj, .ply, .stl, .glb, .gltf), or a head.toml that names one.

    What is not told about axes, unit and origin is guessed from the landmarks, or from the shape, and said. OUT gets
    the mesh in one form, a head.toml with nothing left to guess, and preview.png: look at it. OUT can be given
    wherever a head is asked for. docs/heads.md has the keys of head.toml.

    \b
    Examples:
      synhead heads import scan.glb my_scan --licence "CC-BY-4.0, Jane Doe"
      synhead heads import scan.stl my_scan --unit mm --up +z --front -y
      synhead render synhead --grid --heads my_scan
    """
    from synhead_tools.heads.foreign.load import understand
    from synhead_tools.heads.foreign.recipe import FILE_NAME, ForeignRecipe
    from synhead_tools.heads.foreign.recipe_file import read_foreign_recipe
    from synhead_tools.rendering.import_head import import_head

    source = source / FILE_NAME if source.is_dir() else source
    given = {"name": name, "licence": licence, "unit": unit, "left": left, "up": up, "front": front}
    given |= {"origin": origin, "landmarks": landmarks, "textures": False if no_textures else None}
    given = {key: value for key, value in given.items() if value is not None}
    if source.suffix.lower() == ".toml":
        if toml is not None:
            raise click.UsageError(f"{source} is a head.toml itself; leave out --toml, or give a mesh")
        told, folder, where = read_foreign_recipe(source), source.parent, str(source)
    else:
        target = source.resolve()  # a link that the user names is followed; those that files name are not, outwards
        told = ForeignRecipe(mesh=target.name) if toml is None else read_foreign_recipe(toml, mesh=target.name)
        folder, where = target.parent, str(source)
    foreign = understand(_with_options(told, given, regions), folder, where)
    import_head(foreign, out, overwrite=overwrite)
    result = {"out": str(out), "name": foreign.head.name, "parts": [part.name for part in foreign.head.parts]}
    result |= {
        "understood": _understood(foreign.recipe),
        "notes": list(foreign.notes),
        "preview": str(out / "preview.png"),
    }
    click.echo(json.dumps(result) if as_json else _text(result))


def _with_options(told: Any, given: dict[str, Any], regions: tuple[str, ...]) -> Any:
    """The recipe with what the options say put in and checked like a head.toml."""
    from dataclasses import replace

    from synhead_tools.heads.foreign.recipe import PartRule
    from synhead_tools.heads.foreign.recipe_file import recipe_from_values

    values = dict(given)
    if "origin" in values and "," in values["origin"]:
        try:
            values["origin"] = [float(word) for word in values["origin"].split(",")]
        except ValueError:
            raise click.UsageError(f"--origin {values['origin']!r:.60}: give X,Y,Z, or eyes, fit, centroid") from None
    if "landmarks" in values:
        values["landmarks"] = {"file": values["landmarks"]}
    rules = dict(told.parts)
    asked = {}
    for text in regions:
        part, equals, region = text.rpartition("=")
        if not equals:
            raise click.UsageError(f"--region {text!r:.60}: give PART=REGION, such as Mesh_2=hair")
        asked[part] = {"region": region}
    checked = recipe_from_values({"mesh": told.mesh, **values, "parts": asked}, "options")
    for part, rule in checked.parts:
        rules[part] = replace(rules.get(part, PartRule()), region=rule.region)
    chosen = {key: getattr(checked, key) for key in given}
    return replace(told, **chosen, parts=tuple(rules.items()))


def _understood(recipe: Any) -> dict[str, Any]:
    return {key: getattr(recipe, key) for key in ("unit", "left", "up", "front", "origin")}


def _text(result: dict[str, Any]) -> str:
    understood = ", ".join(f"{key} {value}" for key, value in result["understood"].items() if key != "origin")
    lines = [f"{result['name']} in {result['out']}: {understood}", *(f"  {note}" for note in result["notes"])]
    return "\n".join([*lines, f"look at {result['preview']}"])
