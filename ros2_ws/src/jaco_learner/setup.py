from setuptools import find_packages, setup

setup(
    name="jaco_learner",
    version="0.1.0",
    description="Algorithms, rollouts, training and evaluation.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test"]),
    package_data={"jaco_learner": ["py.typed", "recipes/*.yaml"]},
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/jaco_learner"]),
        ("share/jaco_learner", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=False,
    entry_points={"console_scripts": ["learner = jaco_learner.node:main"]},
)
