import json


def test_datasets_become_one_that_is_used_like_any(run, chain, tmp_path):
    parts = (chain / "synhead+", chain / "matched" / "synbiwi+")
    done = run("merge", tmp_path / "both", *parts, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    frames = [json.loads(run("inspect", part, "--json").output)["frames"] for part in (*parts, tmp_path / "both")]
    assert (told["kind"], told["frames"]) == ("SynHead++", frames[2])
    assert frames[0] + frames[1] == frames[2]


def test_errors_are_one_line_and_leave_nothing(run, chain, tmp_path):
    for sources, complaint in (
        ([chain / "synhead+"], "at least two"),
        ([chain / "synhead+", chain / "synhead"], "cannot be united"),
        ([chain / "synhead+", tmp_path], "dataset.json"),
    ):
        done = run("merge", tmp_path / "both", *sources)
        assert done.exit_code == 1
        assert complaint in done.output
        assert done.output.count("\n") == 1
    assert not (tmp_path / "both").exists()
