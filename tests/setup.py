from setuptools import setup

# Tests only: nothing is installed but the package's manifest, so that colcon knows it.
setup(
    name="jaco_system_tests",
    version="0.1.0",
    description="Whole-graph, fault, contract and documentation tests.",
    license="Apache-2.0",
    packages=[],
    py_modules=[],
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/jaco_system_tests"]),
        ("share/jaco_system_tests", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=False,
)
