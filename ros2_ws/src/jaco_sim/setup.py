from setuptools import find_packages, setup

setup(
    name="jaco_sim",
    version="0.1.0",
    description="The simulated scene, arm and camera, lockstep, and gymnasium environments.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test"]),
    package_data={"jaco_sim": ["py.typed", "profiles/*.yaml", "twins/*.yaml"]},
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/jaco_sim"]),
        ("share/jaco_sim", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=False,
    entry_points={"console_scripts": ["sim = jaco_sim.node:main", "identification = jaco_sim.identification.node:main"]},
)
