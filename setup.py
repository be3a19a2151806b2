"""The one build definition: what the library needs, and what its extras add."""

from pathlib import Path

from setuptools import setup

EXTRAS = {
    "test": ["pytest>=8.0", "hypothesis>=6.100", "scipy>=1.11", "pytest-cov>=5.0", "jsonschema>=4.20"],
    "plot": ["matplotlib>=3.8", "tqdm>=4.60"],
    "course": ["libcst>=1.5", "merge3>=0.0.13", 'tomli>=2.0; python_version < "3.11"'],
    "bench": ["torch>=2.4", "scikit-learn>=1.4", "matplotlib>=3.8", "tqdm>=4.60"],
    "docs": [
        *("sphinx>=8.0", "furo>=2024.8", "myst-parser>=4.0", "sphinx-design>=0.6", "sphinx-copybutton>=0.5"),
        *("matplotlib>=3.8", "tqdm>=4.60", "libcst>=1.5", 'tomli>=2.0; python_version < "3.11"', "playwright>=1.45"),
    ],
    "lint": ["ruff>=0.15", "mypy>=1.15"],
}

setup(
    name="minitorch",
    version="0.1.0",
    description="Deep learning in Python that can be read: tensors, autodiff, convolution and layers for teaching",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    python_requires=">=3.10",
    packages=["minitorch"],
    package_data={"minitorch": ["py.typed"]},
    # With the root named here, an editable install puts this very folder on the path. So the scripts find the
    # `project` package, which is part of the repository but not of an installed library.
    package_dir={"": "."},
    install_requires=["numpy>=1.26", "numba>=0.62"],
    extras_require=EXTRAS,
)
