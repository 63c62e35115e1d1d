from setuptools import find_packages, setup

setup(
    name="jaco_driver",
    version="0.1.0",
    description="Arm backends behind one port, and the driver node.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test"]),
    package_data={"jaco_driver": ["py.typed", "ros2_control/robots/*.yaml"]},
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/jaco_driver"]),
        ("share/jaco_driver", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=False,
    entry_points={"console_scripts": ["driver = jaco_driver.node:main", "reset = jaco_driver.reset.node:main"]},
)
