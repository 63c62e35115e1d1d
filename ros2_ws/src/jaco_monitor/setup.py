from setuptools import find_packages, setup

setup(
    name="jaco_monitor",
    version="0.1.0",
    description="Markers, transforms, diagnostics, recorder, console and report.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test"]),
    package_data={"jaco_monitor": ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/jaco_monitor"]),
        ("share/jaco_monitor", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=False,
    entry_points={"console_scripts": ["markers = jaco_monitor.markers.node:main", "recorder = jaco_monitor.recorder.node:main"]},
)
