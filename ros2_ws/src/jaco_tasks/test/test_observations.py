from __future__ import annotations

from jaco_core.types import SceneSample
from jaco_tasks.observations import Observations


def scene(stamp_ns: int) -> SceneSample:
    return SceneSample(stamp_ns, {})


def test_an_image_waits_for_what_belongs_to_it() -> None:
    own: Observations[str] = Observations(0)
    own.add_image(10)
    own.add_image(10)
    assert own.take() is None and own.waiting
    own.scenes.add(10, scene(10))
    assert own.take() is None
    own.joints.add(10, "joints")
    seen = own.take()
    assert seen is not None and (seen.stamp_ns, seen.joints, seen.scene) == (10, "joints", scene(10))
    assert own.take() is None and not own.waiting


def test_what_cannot_come_any_more_is_none() -> None:
    own: Observations[str] = Observations(2)
    own.add_image(10)
    own.scenes.add(11, scene(11))
    own.joints.add(14, "later")
    seen = own.take()
    assert seen is not None and seen.joints is None and seen.scene == scene(11)


def test_only_so_many_images_wait_and_all_can_be_dropped() -> None:
    own: Observations[str] = Observations(0)
    for stamp_ns in range(1, 21):
        own.add_image(stamp_ns)
    assert own.drop() == list(range(11, 21)) and not own.waiting
