from shared import heartbeat
from stage_runs import ManualClock


def test_a_service_is_as_well_as_its_worst_loop() -> None:
    pulses = heartbeat.Pulses(ManualClock())
    filing, sweeping = pulses.add("filing"), pulses.add("sweeping")

    filing.succeeded("Processing files in Photos_Inbox")
    sweeping.waiting("root: no marker")
    waiting = pulses.summary()
    sweeping.beat()
    still = pulses.summary()
    sweeping.succeeded("Idle")
    filing.failed("a bug")

    assert waiting == still == ("WARNING", "Waiting: root: no marker")
    assert pulses.summary() == ("ERROR", "a bug")
    assert pulses.troubles() == ["a bug"]


def test_the_oldest_beat_tells_of_a_loop_that_hangs() -> None:
    clock = ManualClock()
    pulses = heartbeat.Pulses(clock)
    quick, hanging = pulses.add("quick"), pulses.add("hanging")
    clock.passed_s = 90
    quick.beat()

    assert pulses.oldest_age_s() == 90
    pulses.remove(hanging)
    assert pulses.oldest_age_s() == 0


def test_a_loop_that_moves_the_bytes_of_a_long_video_is_not_called_hanging() -> None:
    clock, idle_s = ManualClock(), iter([2.0, 200.0])
    pulses = heartbeat.Pulses(clock, lambda: next(idle_s))
    pulses.add("filing")
    clock.passed_s = 90

    assert [pulses.oldest_age_s(), pulses.oldest_age_s()] == [2.0, 90]


def test_a_changed_status_and_the_end_of_the_start_are_told_at_once() -> None:
    working: tuple[heartbeat.Status, str] = ("OK", "Working")
    waiting: tuple[heartbeat.Status, str] = ("WARNING", "Waiting: database")

    assert heartbeat.is_news(heartbeat.STARTING, working)
    assert heartbeat.is_news(working, waiting)
    assert heartbeat.is_news(waiting, working)
    assert not heartbeat.is_news(heartbeat.STARTING, heartbeat.STARTING)
    assert not heartbeat.is_news(working, ("OK", "Working on more"))
