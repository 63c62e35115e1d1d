"""What the log keeps, shows and remembers."""

from pathlib import Path

from jaco_bringup.run_log import KEPT_ERRORS, RunLog, error_of, is_notable


def test_every_line_is_kept_and_shown_and_the_last_errors_are_remembered(tmp_path: Path) -> None:
    shown: list[str] = []
    log = RunLog(tmp_path / "log.txt", shown.append)
    lines = ["[sim] fine", *(f"[sim] [ERROR] {number}" for number in range(KEPT_ERRORS + 1)), "[policy] error: no checkpoint"]
    for line in lines:
        log.write(line)
    log.close()
    log.write("late")
    log.close()
    assert (tmp_path / "log.txt").read_text().splitlines() == lines == shown
    assert log.errors() == tuple(lines[-KEPT_ERRORS:])


def test_notable_lines() -> None:
    assert is_notable("[sim] [WARN] slow") and is_notable("[runner] Node 'sim' ended") and is_notable("[sim] [FATAL] no")
    assert not is_notable("[sim] [INFO] fine")


def test_an_error_is_told_from_its_line() -> None:
    assert error_of("[sim] [FATAL] [12.5] [sim]: No answer [yet]: late.") == ("sim", "No answer [yet]: late.")
    assert error_of("[policy] error: no checkpoint") == ("policy", "no checkpoint")
