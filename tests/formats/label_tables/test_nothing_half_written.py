import signal
import subprocess
import sys
import time

import pytest

from synhead_tools.errors import ConventionError, LabelFormatError, OutputExistsError, UnknownNameError
from synhead_tools.formats.label_tables.convert import convert_labels_file
from synhead_tools.formats.label_tables.rotation_values import values_of

FORMATS = (".csv", ".tsv", ".parquet", ".npz", ".h5")


def test_nothing_is_written_over(tmp_path, write_csv):
    source = write_csv(["a,1,2,3"])
    for out in (source, tmp_path / "link.csv", tmp_path / "hard.csv"):
        if out.name == "link.csv":
            out.symlink_to(source)
        if out.name == "hard.csv":
            out.hardlink_to(source)
        with pytest.raises(OutputExistsError, match="is the input itself"):
            convert_labels_file(source, out, overwrite=True)
    (tmp_path / "b.csv").write_text("precious")
    with pytest.raises(OutputExistsError, match="already there"):
        convert_labels_file(source, tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_text() == "precious"
    convert_labels_file(source, tmp_path / "b.csv", overwrite=True)
    assert "precious" not in (tmp_path / "b.csv").read_text()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"source": "nope"}, UnknownNameError, "nope"),
        ({"target": "zzz:+++"}, ConventionError, "zzz"),
        ({"target": "mediapipe"}, ConventionError, "have no angles"),
        ({"target": "zxz:+++", "source": "zxz:+++"}, LabelFormatError, "choose another convention"),
        ({"unit": "grad"}, LabelFormatError, "unit is 'grad'"),
        ({"to_unit": "grad"}, LabelFormatError, "to_unit is 'grad'"),
        ({"write": "matrix"}, LabelFormatError, "write is 'matrix'"),
        ({"decimal": ";"}, LabelFormatError, "decimal is ';'"),
        ({"on_error": "go on"}, LabelFormatError, "on_error is 'go on'"),
        ({"scalar_first": True}, LabelFormatError, "which columns"),
        ({"columns": ("a", "b")}, LabelFormatError, "no column 'a'"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(tmp_path, write_csv, options, error, message, names_in):
    with pytest.raises(error, match=message):
        convert_labels_file(write_csv(["a,1,2,3"]), tmp_path / "b.csv", **options)
    assert names_in(tmp_path) == ["in.csv"]


def test_where_it_cannot_be_written(tmp_path, write_csv):
    source = write_csv(["a,1,2,3"])
    with pytest.raises(LabelFormatError, match="does not say what to write"):
        convert_labels_file(source, tmp_path / "b.xlsx")
    for suffix in FORMATS:
        with pytest.raises(OutputExistsError, match="no folder"):
            convert_labels_file(source, tmp_path / "nowhere" / f"b{suffix}")


def test_text_too_long_for_a_column_of_fixed_width(tmp_path, write_csv, names_in):
    source = write_csv(["x" * 5000 + ",1,2,3"])
    for suffix in (".npz", ".h5"):
        with pytest.raises(LabelFormatError, match="column 'name' has a text of length 5000"):
            convert_labels_file(source, tmp_path / f"b{suffix}")
    assert names_in(tmp_path) == ["in.csv"]
    assert convert_labels_file(source, tmp_path / "b.parquet").rows == 1


def test_input_that_grows_meanwhile(tmp_path, write_csv, monkeypatch, small_blocks, names_in):
    small_blocks(100)
    source = write_csv([f"n{row},10,20,30" for row in range(100)])
    whole = values_of

    def grow(*arguments):
        with source.open("a") as file:
            file.write("z,1,2,3\n" * 100)  # faster than it is read
        return whole(*arguments)

    monkeypatch.setattr("synhead_tools.formats.label_tables.conversion.values_of", grow)
    with pytest.raises(LabelFormatError, match="was changed while it was read"):
        convert_labels_file(source, tmp_path / "b.csv")
    assert names_in(tmp_path) == ["in.csv"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_interrupt_anywhere_leaves_nothing(tmp_path, triples, monkeypatch, small_blocks, suffix, csv_of, names_in):
    small_blocks(2000)
    (tmp_path / "a.csv").write_text(csv_of(triples(500)))
    whole, calls = values_of, []

    def interrupt(*arguments):
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return whole(*arguments)

    monkeypatch.setattr("synhead_tools.formats.label_tables.conversion.values_of", interrupt)
    with pytest.raises(KeyboardInterrupt):
        convert_labels_file(tmp_path / "a.csv", tmp_path / f"b{suffix}", "biwi+", on_error="skip")
    assert names_in(tmp_path) == ["a.csv"]


CONVERT = "import sys; from synhead_tools.formats.label_tables.convert import convert_labels_file as c; "


@pytest.mark.parametrize(
    ("suffix", "limit"), [*((suffix, 300_000) for suffix in FORMATS), (".npz", 8_000_000), (".h5", 8_000_000)]
)
def test_a_disk_that_is_full_leaves_nothing(tmp_path, triples, suffix, limit, csv_of, names_in):
    """No file of the process may exceed the limit: neither while rows are kept, nor when all of them are written."""
    (tmp_path / "a.csv").write_text(csv_of(triples(40_000)) + "x" * 1000 + ",1,2,3\n")
    limit = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); "
    limit = f"import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); {limit}"
    code = f"{limit}{CONVERT}c(sys.argv[1], sys.argv[2], 'biwi+', on_error='skip')"
    command = [sys.executable, "-c", code, str(tmp_path / "a.csv"), str(tmp_path / f"b{suffix}")]
    answer = subprocess.run(command, capture_output=True, text=True)
    assert answer.returncode == 1, answer.stderr
    assert "OSError" in answer.stderr.splitlines()[-1] or "too large" in answer.stderr.splitlines()[-1]
    assert names_in(tmp_path) == ["a.csv"]


def test_a_kill_leaves_no_output(tmp_path, triples, csv_of, names_in):
    text = csv_of(triples(50_000))
    with (tmp_path / "a.csv").open("w") as file:
        for _ in range(20):
            file.write(text if file.tell() == 0 else text.split("\n", 1)[1])
    command = [sys.executable, "-c", f"{CONVERT}c(sys.argv[1], sys.argv[2], 'biwi+')"]
    process = subprocess.Popen([*command, str(tmp_path / "a.csv"), str(tmp_path / "b.csv")])
    while process.poll() is None and not [name for name in names_in(tmp_path) if name.endswith(".tmp")]:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "b.csv").exists()
    assert all(name == "a.csv" or name.startswith(".b.csv.") for name in names_in(tmp_path))
