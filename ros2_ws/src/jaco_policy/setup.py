from setuptools import find_packages, setup

setup(
    name="jaco_policy",
    version="0.1.0",
    description="Networks, checkpoints, the observation contract and inference.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test"]),
    package_data={"jaco_policy": ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/jaco_policy"]),
        ("share/jaco_policy", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=False,
    entry_points={"console_scripts": ["policy = jaco_policy.node:main"]},
)
