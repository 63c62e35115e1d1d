"""Coarser meshes to look at, so that a software renderer draws an arm faster. Collisions keep the full ones."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

COLLISION_GROUP = 3


def add_visual_meshes(spec: Any, fraction: float) -> None:
    """Adds, for every mesh geom, one that is drawn with `fraction` of its triangles, and hides the original from cameras.

    With a fraction of 1 the model stays as it is.

    Raises:
        ImportError: `fraction` is below 1 and fast-simplification is not installed.
    """
    if fraction >= 1.0:
        return
    import fast_simplification

    original = spec.copy().compile()
    for index in range(original.nmesh):
        first_vertex, first_face = original.mesh_vertadr[index], original.mesh_faceadr[index]
        vertices = original.mesh_vert[first_vertex : first_vertex + original.mesh_vertnum[index]]
        faces = original.mesh_face[first_face : first_face + original.mesh_facenum[index]]
        points, triangles = fast_simplification.simplify(vertices, faces, target_reduction=1.0 - fraction)
        spec.add_mesh(name=f"visual/{original.mesh(index).name}", uservert=np.ravel(points), userface=np.ravel(triangles))
    for geom in [geom for geom in spec.geoms if geom.type == mujoco.mjtGeom.mjGEOM_MESH]:
        _add_visual_geom(original, geom)


def _add_visual_geom(original: Any, geom: Any) -> None:
    # The compiler centres meshes on their mass and turns them to their inertia: `original` says by how much, and the simplified
    # vertices are given in that frame.
    index = original.geom(geom.name).id
    mesh = original.mesh(original.geom_dataid[index]).name
    geom.parent.add_geom(
        name=f"visual/{geom.name}",
        type=mujoco.mjtGeom.mjGEOM_MESH,
        meshname=f"visual/{mesh}",
        material=geom.material,
        pos=original.geom_pos[index],
        quat=original.geom_quat[index],
        mass=0.0,
        contype=0,
        conaffinity=0,
        group=1,
    )
    geom.group = COLLISION_GROUP
