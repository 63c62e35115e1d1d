from setuptools import find_packages, setup

setup(
    name="jaco_core",
    version="0.1.0",
    description="Arms, kinematics, plain types, units, errors and shared ROS helpers.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test"]),
    package_data={"jaco_core": ["py.typed", "arms/*.yaml", "models/*.xml"]},
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/jaco_core"]),
        ("share/jaco_core", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=False,
)
