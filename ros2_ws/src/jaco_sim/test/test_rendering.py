"""What the cameras see."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_sim.rendering import Renderer
from jaco_sim.scene import POLICY_CAMERA, SCENE_CAMERA, Scene
from jaco_sim.simulation import ArmSimulation, make_scene
from jaco_tasks.task import Layout


@pytest.fixture(scope="module")
def scene() -> Scene:
    return make_scene()


def reddest(image: np.ndarray) -> np.ndarray:
    """Returns the mean (row, column) of the target's pixels."""
    red = (image[..., 0] > 100) & (image[..., 1] < 60)
    assert red.any()
    return np.argwhere(red).mean(axis=0)


def test_the_policy_camera_sees_the_target_everywhere_on_its_area(scene: Scene) -> None:
    simulation = ArmSimulation(scene)
    renderer = Renderer(scene.model)
    places = {}
    aside = np.array(simulation.arm.home)
    aside[0] += np.pi  # the arm turned away
    for x in (0.27, 0.57):
        for y in (-0.20, 0.20):
            simulation.place(Layout(aside, {"target": np.array([x, y, 0.035])}))
            image = renderer.draw(simulation.data, POLICY_CAMERA)
            assert image.shape == (64, 64, 3) and image.dtype == np.uint8
            places[x, y] = reddest(image)
            assert (places[x, y] > 3).all() and (places[x, y] < 60).all()
    # The camera stands in front and to the right of the arm (y < 0): what is nearer to it is lower in the image.
    assert places[0.57, -0.20][0] > places[0.27, 0.20][0]
    renderer.close()


def test_the_same_state_gives_the_same_image_beside_other_renderers(scene: Scene) -> None:
    simulation = ArmSimulation(scene)
    simulation.reset(3)
    first, second = Renderer(scene.model), Renderer(scene.model, 160, 120)
    image = first.draw(simulation.data, POLICY_CAMERA)
    view = second.draw(simulation.data, SCENE_CAMERA)
    assert view.shape == (120, 160, 3) and view.std() > 10
    assert (first.draw(simulation.data, POLICY_CAMERA) == image).all()
    first.close()
    first.close()
    second.close()


def test_a_coarser_mesh_looks_nearly_the_same_and_collides_the_same() -> None:
    images, geoms = [], []
    for fraction in (1.0, 0.2):
        scene = make_scene(mesh_fraction=fraction)
        simulation = ArmSimulation(scene)
        simulation.reset(3)
        renderer = Renderer(scene.model)
        images.append(renderer.draw(simulation.data, POLICY_CAMERA).astype(int))
        renderer.close()
        geoms.append(int((scene.model.geom_contype > 0).sum()))
        simulation.apply(np.full(9, 0.3))
        for _ in range(20):
            simulation.step()
        images.append(simulation.joints().position)
    assert np.abs(images[0] - images[2]).mean() < 1.5
    np.testing.assert_allclose(images[1], images[3], atol=1e-9)
    assert geoms[0] == geoms[1]
