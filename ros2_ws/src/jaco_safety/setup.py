from setuptools import find_packages, setup

setup(
    name="jaco_safety",
    version="0.1.0",
    description="Limits, filter, watchdogs and the supervisor.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test"]),
    package_data={"jaco_safety": ["py.typed", "config/*.yaml", "config/geometry/*.yaml", "config/replays/*.npz"]},
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/jaco_safety"]),
        ("share/jaco_safety", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=False,
    entry_points={
        "console_scripts": ["supervisor = jaco_safety.node:main", "operator = jaco_safety.operator.node:main"],
    },
)
