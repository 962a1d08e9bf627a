import io

import pytest

from synhead_tools.cli import progress
from synhead_tools.cli.progress import Pace, duration_text, progress_on, progress_text


class Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_what_a_resumed_run_had_kept_does_not_count_as_speed():
    pace = Pace()
    pace.report(9000, 0.0)
    assert pace.per_second is None
    pace.report(9100, 10.0)
    assert pace.per_second == 10.0


def test_the_rate_is_that_of_the_last_minute():
    pace = Pace()
    for second in range(600):
        pace.report(second if second < 300 else 300 + 5 * (second - 300), float(second))
    assert pace.per_second == pytest.approx(5.0)


def test_rare_reports_still_give_a_rate():
    pace = Pace()
    for number in range(20):
        pace.report(1024 * number, 600.0 * number)
    assert pace.per_second == pytest.approx(1024 / 600)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (7, "7 s"), (59.6, "1 min 0 s"), (725, "12 min 5 s"), (12020, "3 h 20 min")]
)
def test_durations(seconds, text):
    assert duration_text(seconds) == text


def test_line():
    assert progress_text("frames", 250, 1000, 25.0) == "frames: 250/1000 (25 %), 25/s, 30 s left"
    assert progress_text("frames", 1, 4, 0.125) == "frames: 1/4 (25 %), 0.12/s, 24 s left"
    assert progress_text("frames", 0, 0, None) == "frames: 0/0 (100 %)"


def test_a_screen_has_one_line_that_is_drawn_over(clock):
    screen = Screen()
    show = progress_on(screen, "frames")
    for done in range(0, 101, 10):
        show(done, 100)
        clock[0] += 0.6
    drawn = screen.getvalue().split("\r")[1:]
    assert 4 <= len(drawn) <= 7
    assert drawn[-1].startswith("frames: 100/100 (100 %), 17/s, 0 s left")
    assert drawn[-1].endswith("\n")
    assert not any("\n" in line for line in drawn[:-1])


def test_a_log_has_a_line_a_minute(clock):
    log = io.StringIO()
    show = progress_on(log, "frames")
    for second in range(150):
        clock[0] = 1000.0 + second
        show(second, 1000)
    assert log.getvalue().splitlines() == [
        "frames: 60/1000 (6 %), 1/s, 15 min 40 s left",
        "frames: 120/1000 (12 %), 1/s, 14 min 40 s left",
    ]
