"""``synhead heads``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from synhead_tools.cli import options
from synhead_tools.cli.heads_import import import_command


@click.group(invoke_without_command=True, short_help="List, draw, make, import and export heads.")
@options.as_json
@options.common
@click.pass_context
def heads(ctx: click.Context, as_json: bool, quiet: bool) -> None:
    """List the bundled heads; draw heads, make new ones, import those of others, export them.

    A head is a bundled name, a recipe file (.toml), or the folder or head.toml of an imported head; where several may
    be given, a folder of recipes or of imported heads stands for all in it.

    \b
    Examples:
      synhead heads
      synhead heads show heads.png
      synhead heads build people --count 200 --seed 7
      synhead heads import scan.glb my_scan --licence "CC-BY-4.0, Jane Doe"
      synhead heads export f01 f01.glb
    """
    if ctx.invoked_subcommand is None:
        _print_list((), as_json)


@heads.command("list", short_help="List heads with their licence.")
@click.argument("names", metavar="[HEADS]...", nargs=-1)
@options.as_json
@options.common
def list_command(names: tuple[str, ...], as_json: bool, quiet: bool) -> None:
    """Print name, licence, landmarks and hash of HEADS, by default of the ten bundled ones.

    \b
    Example:
      synhead heads list my_scan recipes/
    """
    _print_list(names, as_json)


@heads.command(short_help="Draw heads in a few poses.")
@click.argument("names", metavar="[HEADS]...", nargs=-1)
@click.argument("picture", metavar="OUT.png", type=options.path_out)
@click.option("--size", "size_px", type=click.IntRange(32, 1024), default=256, show_default=True, help="Pixels.")
@click.option("--columns", type=click.IntRange(1, 64), default=2, show_default=True, help="Heads side by side.")
@click.option(
    "--pose", "poses", metavar="PITCH,YAW,ROLL", multiple=True, help="A pose, degrees, biwi+; may be repeated."
)
@options.overwrite
@options.as_json
@options.common
def show(
    names: tuple[str, ...], picture: Path, size_px: int, columns: int, poses: tuple[str, ...], overwrite: bool,
    as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Draw HEADS, by default the ten bundled ones, in three poses each, or in those of --pose, on one sheet.

    \b
    Examples:
      synhead heads show heads.png
      synhead heads show my_scan m03 pair.png --pose 0,0,0 --pose 0,60,0
    """
    from synhead_tools.heads.library import expand_names
    from synhead_tools.rendering.heads_sheet import POSES_BIWI_PLUS_DEG, heads_sheet

    chosen = expand_names(names or ("all",))
    poses_deg = tuple(_pose(text) for text in poses) or POSES_BIWI_PLUS_DEG
    heads_sheet(chosen, picture, size_px=size_px, columns=columns, overwrite=overwrite, poses_deg=poses_deg)
    result = {"out": str(picture), "heads": len(chosen)}
    click.echo(json.dumps(result) if as_json else f"{len(chosen)} heads in {picture}")


@heads.command(short_help="Make recipes of people who do not exist.")
@click.argument("out", type=options.path_out)
@click.option("--count", type=click.IntRange(1), required=True, help="How many people.")
@click.option("--glasses", "glasses_share", type=click.FloatRange(0, 1), help="Share of people with glasses.")
@click.option("--headgear", "headgear_share", type=click.FloatRange(0, 1), help="Share of people with headgear.")
@click.option("--covered-eye", "covered_eye_share", type=click.FloatRange(0, 1), help="Share with hair over an eye.")
@click.option("--check", "built", is_flag=True, help="Also build each head once, so that what cannot be is found now.")
@options.seed
@options.overwrite
@options.as_json
@options.common
def build(
    out: Path, count: int, glasses_share: float | None, headgear_share: float | None, covered_eye_share: float | None,
    built: bool, seed: int, overwrite: bool, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Write the recipes of --count people into the folder OUT, and a table of who they are.

    Person k of a seed is the same however many are asked for. OUT can be given wherever heads are asked for.

    \b
    Examples:
      synhead heads build people --count 200 --seed 7
      synhead heads show people people.png --columns 4
    """
    from synhead_tools.heads.population import build_population

    shares = {"glasses_share": glasses_share, "headgear_share": headgear_share, "covered_eye_share": covered_eye_share}
    shares = {name: share for name, share in shares.items() if share is not None}
    show = options.progress(quiet, "heads")
    summary = build_population(
        out, count, seed, built=built, overwrite=overwrite, progress=lambda done: show(done, count), **shares
    )
    totals = summary["totals"]
    result = {"out": str(out), "heads": count, "seed": seed, "totals": totals}
    click.echo(json.dumps(result) if as_json else f"{count} heads in {out}, {totals['women']} of them women")


@heads.command(short_help="Write a head as GLB and JSON for other programs.")
@click.argument("name", metavar="HEAD")
@click.argument("out", metavar="OUT.glb", type=options.path_out)
@click.option("--morphs", is_flag=True, help="Add the 52 ARKit expressions as morph targets (heads of recipes).")
@click.option(
    "--picture-format", type=click.Choice(("png", "jpg")), default="png", show_default=True,
    help="png is exact; jpg is smaller, where there is no alpha.",
)  # fmt: skip
@options.overwrite
@options.as_json
@options.common
def export(
    name: str, out: Path, morphs: bool, picture_format: str, overwrite: bool, as_json: bool, quiet: bool
) -> None:
    """Write HEAD as OUT.glb, which Blender, three.js and MeshLab open, and what glTF has no words for as OUT.json.

    Both are in metres, y up, the face towards +z, the origin midway between the eyes. The JSON has the landmarks, the
    region of every triangle, the licence and the recipe.

    \b
    Examples:
      synhead heads export f01 f01.glb
      synhead heads export mine.toml mine.glb --morphs --picture-format jpg
    """
    from synhead_tools.errors import OutputExistsError
    from synhead_tools.formats.atomic import atomic_write_bytes, atomic_write_text
    from synhead_tools.heads.export_glb import head_glb, head_json
    from synhead_tools.heads.library import load_head

    beside = out.with_suffix(".json")
    if out.suffix.lower() != ".glb":
        raise click.UsageError(f"{out} does not end in .glb")
    for path in (out, beside):
        if path.exists() and not overwrite:
            raise OutputExistsError(f"{path} is already there; choose another place or give --overwrite")
    head = load_head(name)
    data = head_glb(head, morphs=morphs, picture_format=picture_format)
    atomic_write_text(beside, head_json(head, expressions=morphs), overwrite)
    atomic_write_bytes(out, data, overwrite)
    result = {"out": str(out), "json": str(beside), "bytes": len(data), "licence": head.licence}
    click.echo(json.dumps(result) if as_json else f"{head.name} in {out} and {beside}; licence {head.licence}")


heads.add_command(import_command)


def _print_list(names: tuple[str, ...], as_json: bool) -> None:
    from dataclasses import asdict

    from synhead_tools.heads.library import expand_names, head_facts

    facts = [head_facts(name) for name in expand_names(names or ("all",))]
    if as_json:
        click.echo(json.dumps([asdict(entry) for entry in facts]))
        return
    for entry in facts:
        points = [count for count, has in (("5", entry.has_points5), ("68", entry.has_landmarks68)) if has]
        landmarks = f"{'+'.join(points)} points" if points else "no points"
        click.echo(f"{entry.name:16} {landmarks:12} {entry.recipe_sha256[:12]}  {entry.licence}")


def _pose(text: str) -> tuple[float, float, float]:
    words = text.split(",")
    try:
        pitch, yaw, roll = (float(word) for word in words)
    except ValueError:
        raise click.UsageError(f"--pose {text!r:.60}: give pitch, yaw and roll, such as 0,40,0") from None
    if not all(abs(angle) <= 360 for angle in (pitch, yaw, roll)):
        raise click.UsageError(f"--pose {text!r:.60}: give angles from -360 to 360 degrees")
    return pitch, yaw, roll
