from glob import glob

from setuptools import setup

# Data only: every policy is a folder with policy.safetensors and card.json.
policies = [(f"share/jaco_models/{folder.rstrip('/')}", sorted(glob(f"{folder}*"))) for folder in sorted(glob("policies/*/"))]

setup(
    name="jaco_models",
    version="0.1.0",
    description="Trained policies with their cards; no code.",
    license="Apache-2.0",
    packages=[],
    py_modules=[],
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/jaco_models"]),
        ("share/jaco_models", ["package.xml"]),
        *policies,
    ],
    install_requires=["setuptools"],
    zip_safe=False,
)
