from glob import glob

from setuptools import find_packages, setup

setup(
    name="jaco_bringup",
    version="0.1.0",
    description="What runs: the graph as data, its launch files, its runner and the jaco command.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test"]),
    package_data={"jaco_bringup": ["py.typed", "localhost.xml"]},
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/jaco_bringup"]),
        ("share/jaco_bringup", ["package.xml", *glob("*.launch.py")]),
        ("share/jaco_bringup/config", glob("config/*.yaml")),
        ("share/jaco_bringup/rviz", glob("rviz/*.rviz")),
    ],
    install_requires=["setuptools"],
    zip_safe=False,
    entry_points={
        "console_scripts": [
            "manager = jaco_bringup.manager.node:main",
            "injector = jaco_bringup.bench.injector.node:main",
            "floor = jaco_bringup.bench.floor.node:main",
            "standin = jaco_bringup.bench.standin.node:main",
            "jaco = jaco_bringup.cli:main",
        ]
    },
)
