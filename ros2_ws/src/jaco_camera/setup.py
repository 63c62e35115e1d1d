from setuptools import find_packages, setup

setup(
    name="jaco_camera",
    version="0.1.0",
    description="Frame sources, calibration, the camera node, and perception of what the task is about.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test"]),
    package_data={"jaco_camera": ["py.typed", "perception/poses/*.yaml"]},
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/jaco_camera"]),
        ("share/jaco_camera", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    extras_require={"realsense": ["pyrealsense2==2.59.1.11053"]},
    zip_safe=False,
    entry_points={
        "console_scripts": ["camera = jaco_camera.node:main", "perception = jaco_camera.perception.node:main"],
    },
)
