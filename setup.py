"""Everything stands in setup.cfg; here only what it cannot say: the data in meshes/ travel inside the package."""

from pathlib import Path

from setuptools import find_packages, setup

MESHES = Path(__file__).parent / "meshes"
FOLDERS = [MESHES, *sorted(path for path in MESHES.rglob("*") if path.is_dir())]
NAMES = [".".join(("synhead_tools", *folder.relative_to(MESHES.parent).parts)) for folder in FOLDERS]

setup(
    packages=find_packages(include=["synhead_tools*"]) + NAMES,
    package_dir={name: str(folder.relative_to(MESHES.parent)) for name, folder in zip(NAMES, FOLDERS, strict=True)},
    package_data={name: ["*.npz", "*.webp", "*.json", "*.toml", "*.md", "*.png"] for name in NAMES},
    include_package_data=False,
)
