import click
from click.testing import CliRunner

from synhead_tools.cli.sections import SectionedCommand, section

colours = section("Colours", click.option("--red", help="How red."), click.option("--blue", is_flag=True))


@click.command(cls=SectionedCommand)
@click.argument("place")
@click.option("--plain", help="Alone.")
@colours
@section("Sizes", click.option("--large", hidden=True), click.option("--small"))
def paint(**given):
    """Paint."""
    click.echo(sorted(given.items()))


def test_help_lists_options_under_their_headings_and_the_others_last():
    lines = CliRunner().invoke(paint, ["--help"]).output.splitlines()
    first_words = [line.split()[0] for line in lines if line]
    assert first_words[2:] == [
        "Colours:", "--red", "--blue", "Sizes:", "--small", "Options:", "--plain", "--help",
    ]  # fmt: skip


def test_options_work_as_ever():
    result = CliRunner().invoke(paint, ["wall", "--red", "3", "--small", "1", "--blue"])
    assert "('blue', True), ('large', None), ('place', 'wall'), ('plain', None), ('red', '3')" in result.output
    assert CliRunner().invoke(paint, ["wall", "--green"]).exit_code == 2
