from setuptools import find_packages, setup

setup(
    name="jaco_tasks",
    version="0.1.0",
    description="Tasks: what is asked, reward, success and termination.",
    license="Apache-2.0",
    packages=find_packages(exclude=["test"]),
    package_data={"jaco_tasks": ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/jaco_tasks"]),
        ("share/jaco_tasks", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=False,
    entry_points={"console_scripts": ["task = jaco_tasks.node:main"]},
)
